"""Names as a country has them: a few that everybody bears, thousands that hardly anybody does."""

from typing import Any

FIRST_NAMES = (
    "Ada Adam Aisha Alan Albert Alice Amir Ana Andrea Angela Anna Arthur Barbara Ben Bruno Carla Carlos Chen Clara "
    "Daniel David Diana Edgar Elena Eli Emil Emma Eric Eva Fatima Felix Frank Grace Greta Hana Hannah Hassan Helen "
    "Henry Ida Ines Ivan Jack James Jan Jane Jin Johan John Julia Karim Karl Kate Kofi Lars Laura Lea Leo Lena Li "
    "Lina Linda Louis Lucas Lucy Luis Maria Marie Mark Martha Martin Max Maya Mei Mia Michael Mina Mohammed Nadia "
    "Nina Noah Nora Olga Oliver Omar Oscar Paul Pedro Peter Petra Priya Ravi Rita Robert Rosa Ruth Sara Simon Sofia "
    "Stefan Susan Tariq Theo Thomas Tim Tina Tom Uma Vera Victor Wei Yara Yusuf Zoe"
).split()
# Surnames and company names are put together of two halves: 58 x 44.
FRONTS = (
    "Ander Bach Berg Blum Bren Brook Cald Carl Castel Clay Cor Dahl Dan Dor East Ek Fair Fisch Flem Ford Gar Gold Grim "
    "Hale Hart Hein Hol Kal Kauf Kirch Klein Lam Lind Lov Mar Mer Mor Nor Ober Pet Quin Rein Ros Sand Schu Sever Stein "
    "Tor Ull Van Vol Wal Wein West Whit Win Yar Zim"
).split()
BACKS = (
    "acre ard bauer beck berg burn by dale den dorf elace er ert feld ford gard gren hall ham hof holm ing ison kamp "
    "land ler ley lund man mann mark mere mont more ner ov ridge sen ski son stad strom ton wood"
).split()
TRADES = (
    "Analytics Bank Chemicals Consulting Energy Foods Freight Health Insurance Labs Logistics Machines Media Metals "
    "Optics Partners Pharma Power Software Steel Systems Textiles Tools Trading Travel Water"
).split()


def create(sql: Any) -> None:
    """Tables `first_name`, `surname` and `trade` of numbered words, from 0."""
    surnames = [front + back for front in FRONTS for back in BACKS]
    for table, words in (("first_name", FIRST_NAMES), ("surname", surnames), ("trade", TRADES)):
        sql.execute(
            f"CREATE TABLE bench_{table} AS SELECT n - 1 AS n, word FROM unnest(%s) WITH ORDINALITY w(word, n)", [words]
        )
        sql.execute(f"ANALYZE bench_{table}")
