"""Asking over a network: connections that end in time, HTTP and Electrum's JSON-RPC, manners, guards for answers."""
