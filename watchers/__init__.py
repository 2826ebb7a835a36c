"""How we learn what happened on the chain, and what it takes to believe it.

```
 explorers, nodes ──▶ net ──▶ sources ──claims──▶ source_pool ──▶ look, address_look ──proven facts──▶ service/intake
                                                                    │
                                                     proof: headers, blocks, branches, scripts
```

Floors, each importing only what lies below it: `proof` judges bytes and asks nobody; `net` asks, within time and size;
`sources` know one dialect each; what stands here puts them together into a look.
"""
