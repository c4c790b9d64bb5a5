"""What other systems say in a case, each time that they are asked."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat

from ivr.lookups import LookUps
from ivr.turns import AskFailed, Found, NotFound, Question, QuestionKind
from ivr.values import Values
from services.flows.answers import NOT_FOUND, Answer, read_answer


class Others:
    """Other systems as one call finds them."""

    def __init__(
        self, written: Mapping[str, Answer | Sequence[Answer]], look_ups: LookUps
    ) -> None:
        """Begin with the first answer of each.

        Args:
            written: Answers as a case has them, by the name of the look-up or order.
            look_ups: What they are read as.

        Raises:
            Misfit: An answer is not what is declared; ``load_cases`` refuses such.
        """
        self._said: Mapping[str, Iterator[Values | str]] = {
            name: _said([read_answer(name, it, look_ups) for it in _each(one)])
            for name, one in written.items()
        }

    def answer(self, question: Question) -> Found | NotFound | AskFailed:
        """Return what is said to a question; of several answers the next."""
        answers = self._said.get(question.name)
        if answers is None:
            # A look-up finds nothing, an order and a message are taken.
            is_look_up = question.kind is QuestionKind.LOOK_UP
            return NotFound() if is_look_up else Found()
        answer = next(answers)
        if isinstance(answer, str):
            return NotFound() if answer == NOT_FOUND else AskFailed(detail=answer)
        return Found(values=answer)


def _each(written: Answer | Sequence[Answer]) -> Sequence[Answer]:
    return [written] if isinstance(written, str | Mapping) else written


def _said(answers: Sequence[Values | str]) -> Iterator[Values | str]:
    """Yield what another system says each time that it is asked, for ever."""
    return chain(answers, repeat(answers[-1]))
