"""`serve`: the watchers, the jobs, the API and the pages in one process, until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Mapping
from types import FrameType

from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.config import PUBLIC_SOURCES
from service.data_folder import find_data_folder
from service.folding import open_folder
from service.logs import note, set_up, warn
from service.progress import CatchUp
from service.scheduler import Scheduler
from service.sentences import running as say
from service.wiring import WebServer, build, serve_for_long


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help="configuration (else ./aidtrail.toml, else the last demo)"
    )
    parser.add_argument("--host", help="address to listen on (else as configured)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any (else as configured)")
    add_data_option(parser)


def _serve(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.port is not None and not 0 <= options.port <= 65_535:
        raise BadUse("--port: a port is 0 to 65535.")
    folder = find_data_folder(options.data, outside, options.config)
    config = folder.config
    if not config.sources:
        raise BadUse(
            "sources: none is configured; name one, or continue a demonstration with `aidtrail demo`."
        )
    if config.chain.network != "mainnet" and config.sources == PUBLIC_SOURCES:
        raise BadUse(
            "sources: the default ones are of mainnet; name one of {network}.", network=config.chain.network
        )
    set_up(config.logs)
    with open_folder(folder, outside) as store:
        service = build(store, config, outside.clock, outside.environment, folder.path)
        host = options.host or config.serve.host
        port = config.serve.port if options.port is None else options.port
        server = WebServer(service.app, host, port, config.serve.proxies)
        url = server.start()
        outside.say(say.serving(url))
        note("serving", url=url)
        progress = service.jobs.progress = CatchUp(outside.err)
        scheduler = Scheduler(service.jobs.all(), outside.clock)
        scheduler.start()
        wait_for_stop()
        service.stop_sources()
        server.stop()
        for job in scheduler.stop():
            warn("job left unfinished; what it had not written is not written", job=job)
        progress.stop()
        service.close()
    return Answer((str(say.STOPPED),), {"url": url})


def wait_for_stop() -> None:
    """Wait until the process is asked to stop (Ctrl-C, SIGTERM).

    What has to be done then takes some seconds at most, whoever writes or answers nothing: container engines kill after
    ten.
    """
    serve_for_long()
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopped.wait(1.0):
        pass


COMMANDS: Mapping[str, Command] = {
    "serve": Command(_serve, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
