"""The tables of the ledger, a file a noun; declarations only.

A file imports the tables that it reads. Who needs all of them takes `ledger/model/tables.py`, which is slower to load.
"""
