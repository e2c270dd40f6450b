import pytest


@pytest.fixture
def count_queries(django_assert_max_num_queries):
    """A function: how many queries an action makes."""

    def count(action) -> int:
        with django_assert_max_num_queries(500) as asked:
            action()
        return len(asked)

    return count
