"""Find this machine's own Postgres and Redis, make a database for tests, print the addresses."""

import sys

import psycopg
import redis

DATABASE = "justdriving_ci"
POSTGRES = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"
CACHE = "redis://127.0.0.1:6379/15"


def main() -> int:
    """The exit code: 1 when one of them does not answer."""
    try:
        redis.Redis.from_url(CACHE, socket_timeout=3, socket_connect_timeout=3).ping()
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not connection.execute(query, [DATABASE]).fetchone():
                connection.execute("CREATE DATABASE justdriving_ci")
    except (psycopg.Error, redis.RedisError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"DATABASE_URL=postgres://postgres@127.0.0.1:5432/{DATABASE} REDIS_URL={CACHE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
