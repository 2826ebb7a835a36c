"use strict";
// Loads a page that waits anew once the site says that something was recorded.
const news = new EventSource(document.currentScript.dataset.live);
news.addEventListener("changed", () => {
  news.close();
  location.reload();
});
addEventListener("pagehide", () => news.close());
