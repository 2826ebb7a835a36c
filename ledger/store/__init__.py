"""The one place with SQL: journal, observations, the model and the desk's tables on SQLite or PostgreSQL.

It knows rows and bytes, never what an entry means.
"""
