"""What somebody may have meant: for a word that begins no name, the names most like it."""

from django.db import connection

from crm.search import quoted, words_of

# Names as good as the best one are searched for too: "Meyer" and "Mayer" are as near to "Maier".
MOST_NAMES = 3
AS_GOOD = 0.1
# Words of a name that are worth guessing at are not shorter than this.
SHORTEST = 4

# In the order of the words; nothing for a word that begins a name, or is like none.
LIKE_WORDS = """
    SELECT typed.word, alike.word, alike.nearness
    FROM unnest(%(words)s::text[]) WITH ORDINALITY AS typed (word, place) CROSS JOIN LATERAL (
        SELECT word, similarity(word, typed.word) AS nearness FROM desk_searchword
        WHERE word %% typed.word ORDER BY nearness DESC, word LIMIT %(most)s
    ) alike
    WHERE NOT EXISTS (
        SELECT 1 FROM desk_searchword WHERE word ~>=~ typed.word AND word ~<~ (typed.word || chr(1114111))
    )
    ORDER BY typed.place, alike.nearness DESC, alike.word
"""


def meant_instead(text: str) -> dict[str, list[str]]:
    """For each misspelt word of ``text`` the names it may stand for, best first; {} where nothing helps."""
    words = [word for word in dict.fromkeys(words_of(text)) if len(word) >= SHORTEST]
    if not words or "@" in text:
        return {}
    with connection.cursor() as sql:
        sql.execute(LIKE_WORDS, {"words": words, "most": MOST_NAMES})
        found = sql.fetchall()
    best: dict[str, float] = {}
    meant: dict[str, list[str]] = {}
    for typed, word, nearness in found:
        if nearness >= best.setdefault(typed, nearness) - AS_GOOD:
            meant.setdefault(typed, []).append(word)
    return meant


def tsquery_of(text: str, meant: dict[str, list[str]]) -> str:
    """``text`` with its misspelt words replaced, as to_tsquery takes it."""
    terms = (
        " | ".join(quoted(name) for name in meant[word]) if word in meant else f"{quoted(word)}:*"
        for word in words_of(text)
    )
    return " & ".join(f"({term})" for term in terms)


def spelt(text: str, meant: dict[str, list[str]]) -> str:
    """What is shown instead: "ada lovelase" -> "Ada Lovelace"."""
    best = [meant.get(word, [word])[0] for word in words_of(text)]
    return " ".join(word.title() for word in best)
