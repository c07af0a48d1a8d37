"""The sentence that says what will be made true agrees with itself."""

import pytest

from brain.language.summary import summary
from brain.language.words.lexicon import lexicon
from brain.language.words.site import Site
from devices.facts import At, Be, ClassCard, Clear, Known, Selector
from stem_memory.testing import memory_of

CLASSES = (
    ClassCard(cls="cup", names=("cup",)),
    ClassCard(cls="bed_sheet", names=("bed sheet",)),
    ClassCard(cls="cutlery", names=("cutlery",)),
    ClassCard(cls="keys", names=("keys",)),
    ClassCard(cls="clearable", names=("used thing",)),
)


def some(cls, **having):
    return Selector(cls=cls, having=having)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (At(what=some("cup", clean=True), where="table-2", count=2), "2 clean cups are on table"),
        (At(what=some("cup", fill="tea"), where="table-2", count=1), "1 cup of tea is on table"),
        (At(what=some("cup", fill="tea"), where="table-2", count=2), "2 cups of tea are on table"),
        (Be(what=some("bed_sheet"), attr="clean", value=True), "Every bed sheet is clean"),
        (Be(what=some("cutlery"), attr="clean", value=True), "All cutlery is clean"),
        (At(what=some("cutlery"), where="table-2", count=3), "3 pieces of cutlery are on table"),
        (At(what=some("keys"), where="table-2"), "All keys are on table"),
        (At(what=Selector(ids=("k-1",)), where="table-2"), "Keys are on table"),
        (At(what=Selector(ids=("c-1",)), where="table-2"), "Cup is on table"),
        (Clear(where="table-1"), "Table is free of used things"),
        (Clear(where="table-1", cls="cup"), "Table is free of cups"),
        (Known(what=some("bed_sheet")), "Somebody has looked for every bed sheet"),
    ],
)
def test_number_and_verb_agree(condition, words):
    view = memory_of(classes=CLASSES, things={"k-1": "keys on table-1", "c-1": "cup on table-1"})
    assert summary((condition,), Site(view, lexicon())) == f"{words}."
