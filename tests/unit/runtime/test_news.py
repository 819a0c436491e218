"""What is said once, though it is found each second."""

from runtime.news import News


def test_a_sentence_is_news_once_until_the_matter_is_settled() -> None:
    """Also if two sentences come in turn."""
    news = News()
    assert [True, True, False, False] == [news.is_news("kafka", text) for text in ("a", "b", "a", "b")]
    assert news.is_news("topics", "a")
    assert news.settled("kafka")
    assert not news.settled("kafka")
    assert news.is_news("kafka", "a")
    assert not news.is_news("topics", "a")
