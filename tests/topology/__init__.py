"""Many machines as plain processes: PostgreSQL, Redis with a password, an S3 server, two web
processes and workers of two machines, each with a data folder of its own.

`make test-postgres` runs them; they need PostgreSQL's programs and take some minutes.
"""
