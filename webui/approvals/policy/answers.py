"""The three answers, and how they join (Kleene's three-valued logic)."""

from collections.abc import Iterable
from enum import StrEnum


class Answer(StrEnum):
    """What a question about a call can come to."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot_tell"


YES, NO, CANNOT_TELL = Answer.YES, Answer.NO, Answer.CANNOT_TELL


def told(holds: bool) -> Answer:
    """Return the answer to a question that could be answered."""
    return YES if holds else NO


def opposite(answer: Answer) -> Answer:
    """Return the answer to the opposite question: doubt stays doubt."""
    if answer is CANNOT_TELL:
        return CANNOT_TELL
    return NO if answer is YES else YES


def every(answers: Iterable[Answer]) -> Answer:
    """Return whether all hold: one no settles it, and then one doubt."""
    result = YES
    for answer in answers:
        if answer is NO:
            return NO
        if answer is CANNOT_TELL:
            result = CANNOT_TELL
    return result


def some(answers: Iterable[Answer]) -> Answer:
    """Return whether any holds: one yes settles it, and then one doubt."""
    result = NO
    for answer in answers:
        if answer is YES:
            return YES
        if answer is CANNOT_TELL:
            result = CANNOT_TELL
    return result
