"""First and last names that nobody has together: short lists of our own."""

from __future__ import annotations

# fmt: off
FIRST_NAMES = (
    "Ada", "Alma", "Amir", "Anaïs", "Anton", "Beau", "Björn", "Blanca", "Caleb", "Camille", "Cora", "Dara",
    "Desmond", "Dmitri", "Edith", "Elio", "Emeka", "Esmé", "Farah", "Felix", "Fiona", "Gideon", "Greta",
    "Hana", "Hugo", "Imani", "Inês", "Isak", "Jada", "José", "Jun", "Kaia", "Keiko", "Leif", "Lena",
    "Lionel", "Mabel", "Malik", "Marisol", "Mateo", "Mei", "Nadia", "Nils", "Noor", "Odessa", "Olive",
    "Oskar", "Petra", "Priya", "Quentin", "Ramón", "Renée", "Rosa", "Rufus", "Sana", "Søren", "Tamsin",
    "Teo", "Thea", "Tobias", "Una", "Vera", "Viktor", "Wilma", "Xavi", "Yara", "Yusuf", "Zainab", "Zeke",
    "Zoë",
)
LAST_NAMES = (
    "Alderby", "Applethwaite", "Ashgrove", "Barleymow", "Beechworth", "Birchwood", "Brambley", "Broomfield",
    "Cedarholm", "Chestnutt", "Cloverdale", "Cotterley", "Cranefeather", "D'Arbour", "Dewberry", "Dovecote",
    "Elderfield", "Elmhurst", "Fennimore", "Fernandez-Oak", "Finchley", "Foxglove", "Garlandine",
    "Goosander", "Gorsewell", "Harebell", "Hawthorne", "Hazelden", "Heathersett", "Hollybush", "Hornbeam",
    "Ivythorn", "Junipero", "Kestrelton", "Kingcup", "Larchmont", "Larkspurre", "Lindqvist-Elm",
    "Linnetsen", "Mac Alder", "Magpyre", "Marigolde", "Meadowes", "Merlinson", "Mosswood", "Müllerbaum",
    "Nettleship", "Nightjarre", "Núñez-Roble", "O'Brien", "O'Thistle", "Oakenshaw", "Orchardson", "Osprey",
    "Partridgeon", "Peartree", "Pinefield", "Plovergill", "Poplarski", "Quincewell", "Redstarte",
    "Robinette", "Rowanby", "Rushmere", "Saltmarsh", "Sedgewick", "Siskinner", "Sorrelby", "Sprucehill",
    "Starlington", "Sycamore", "Tanagerly", "Teasdale", "Thornbury", "Thrushcross", "Van der Berk",
    "Violette", "Wagtaile", "Walnutter", "Warblerton", "Waxwinge", "Willowby", "Wrenfield", "Yarrowby",
    "Yewdale",
)
# fmt: on
