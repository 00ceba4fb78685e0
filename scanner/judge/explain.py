"""An incident told sentence by sentence: which facts led to which result, and what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.judge.burden import burden_notes
from scanner.judge.pack import Pack, open_pack
from scanner.judge.packfile import Text
from scanner.judge.similarity import selection_log10p
from scanner.judge.vocabulary import ALL, FACTS
from scanner.messages import language, message
from scanner.model.finding import Method
from scanner.model.incident import Incident, Judgement
from scanner.registry.told import CONDITIONS, condition_lines, confidential_line

SEPARATOR = ";"
"""Between several codes of one kind in the facts of a judgement."""


def explain(incident: Incident, lang: str | None = None, pack: Pack | None = None) -> list[str]:
    """The sentences, in Chinese (zh) or English (en). No value of a customer stands in them.

    `pack` is for incidents judged with a pack of one's own; else it is found by its id.
    """
    pack = pack or open_pack(incident.judgement.pack.split(" ")[0])
    return list(_Teller(incident, pack, lang).lines())


class _Teller:
    def __init__(self, incident: Incident, pack: Pack, lang: str | None) -> None:
        self.incident = incident
        self.judgement: Judgement = incident.judgement
        self.facts: Mapping[str, str] = _joined(incident.judgement.facts)
        self.pack = pack
        self.lang = lang or language()

    def lines(self) -> Iterator[str]:
        yield from self._found()
        if self.judgement.trade_secret_status:
            yield from self._standing()
        yield from self._event()
        if self.judgement.trade_secret_status:
            yield from self._result()
        yield self._severity()
        yield from self._personal()
        yield from self._open()
        yield from self._law()

    def say(self, key: str, **values: object) -> str:
        return message("judge", key, self.lang, **values)

    def text(self, text: Text) -> str:
        return text.zh if self.lang == "zh" else text.en

    def codes(self, name: str) -> list[str]:
        told = self.facts.get(name, "")
        return told.split(SEPARATOR) if told else []

    def _found(self) -> Iterator[str]:
        finding, judgement = self.incident.finding, self.judgement
        path = self.incident.document.uri
        if self.incident.examined.inner:
            path = f"{path}!{self.incident.examined.inner}"
        title = self.incident.dataset_title or finding.dataset_id
        if finding.method is Method.CUSTOMER_LIST:
            yield self.say("explain.found_list", path=path, records=finding.records)
            return
        if finding.method is Method.UNREAD:
            reason = self.incident.examined.outcome.reason
            yield self.say("explain.found_unread", path=path, reason=reason)
            return
        if finding.method is Method.DOCUMENT:
            yield self.say("explain.found_document", path=path, title=title)
        elif finding.method is Method.SELECTION:
            yield self.say(
                "explain.found_selection",
                path=path,
                title=title,
                records=finding.records,
                log10p=selection_log10p(finding),
            )
        else:
            yield self.say(
                "explain.found",
                path=path,
                title=title,
                records=finding.records,
                nonpublic=finding.nonpublic,
                deep=finding.deep,
            )
        if judgement.similarity:
            yield self.say(
                "explain.similarity",
                level=self.say(f"level.{judgement.similarity}"),
                coverage=f"{judgement.dataset_coverage:.1%}",
                containment=f"{finding.containment:.1%}",
            )

    def _standing(self) -> Iterator[str]:
        day = self.incident.event.at.date().isoformat()
        status = message("registry", f"status.{self.judgement.trade_secret_status}", self.lang)
        yield self.say("explain.status", day=day, status=status)
        for name in CONDITIONS:
            yield from condition_lines(
                name,
                getattr(self.judgement, name),
                self.codes(f"reason.{name}"),
                self.codes(f"missing.{name}"),
                self.facts.get(f"assessor.{name}", ""),
                self.lang,
            )
        bound = {"true": True, "false": False}.get(self.facts.get("dataset.confidential", ""))
        yield confidential_line(bound, self.codes("basis"), self.lang)
        if late := self.codes("made_after_event"):
            evidence = ", ".join(late)
            yield message("registry", "assess.made_after", self.lang, evidence=evidence)

    def _event(self) -> Iterator[str]:
        known = [name for name in FACTS if name in self.facts]
        if not known:
            return
        yield self.say("explain.facts")
        for name in known:
            yield self.say(
                "explain.fact",
                question=self.say(f"fact.{name}"),
                value=self._answer(name, self.facts[name]),
                name=name,
            )
        if misfits := self.codes("misfit"):
            what = "; ".join(self.say(f"misfit.{code}") for code in misfits)
            yield self.say("explain.misfit", what=what)

    def _answer(self, name: str, value: str) -> str:
        kind = ALL[name].kind
        if kind in ("count", "share"):
            return value
        return self.say(f"answer.{value}")

    def _result(self) -> Iterator[str]:
        if self.judgement.exemption:
            found = next(e for e in self.pack.exemptions if e.id == self.judgement.exemption)
            yield self.say("explain.exempt", id=found.id, title=self.text(found.title))
            if found.route == "legal_only":
                yield self.say("explain.legal_only")
            return
        if not self.judgement.obligations:
            yield self.say("explain.no_duty")
        weight = {obligation.id: obligation.weight for obligation in self.pack.obligations}
        for state in sorted(self.judgement.obligations, key=lambda item: -weight.get(item.id, 0)):
            yield from self._duty(state.id, state.triggers)
        for act in self.judgement.acts:
            yield self.say("explain.act", id=act, title=self.text(self.pack.act(act).title))
        if self.judgement.third_party:
            yield self.say("explain.third_party")
        for code in self.codes("note"):
            note = next(note for note in self.pack.notes if note.id == code)
            yield self.say("explain.note", title=self.text(note.title))

    def _duty(self, duty: str, fired: tuple[str, ...]) -> Iterator[str]:
        found = next(obligation for obligation in self.pack.obligations if obligation.id == duty)
        for trigger in found.triggers:
            if trigger.id not in fired:
                continue
            rests = ", ".join(
                f"{fact} = {self.facts.get(fact, '?')}" for fact in trigger.when.facts
            )
            state = self.text(self.pack.file.wording[trigger.level])
            yield self.say(
                "explain.duty",
                id=duty,
                title=self.text(found.title),
                state=state,
                say=self.text(trigger.say),
                trigger=trigger.id,
                rests=rests,
            )

    def _severity(self) -> str:
        return self.say(
            "explain.severity",
            exposure=self.say(f"severity.{self.judgement.exposure}"),
            legal=self.say(f"severity.{self.judgement.legal}"),
            points=self.facts.get("points", "0"),
        )

    def _personal(self) -> Iterator[str]:
        judgement = self.judgement
        if judgement.pi_persons:
            yield self.say(
                "explain.personal",
                persons=judgement.pi_persons,
                classes=", ".join(judgement.pi_categories),
                ratio=f"{judgement.pi_ratio:.3f}",
                duty=f"{judgement.pi_ratio * self.pack.personal.duty_factor:.3f}",
            )
            for duty in self.pack.personal.notify:
                ref = self._marked(self.text(duty.ref), duty.verified)
                key = "explain.notify_hours" if duty.hours else "explain.notify"
                yield self.say(key, ref=ref, hours=duty.hours or 0)

    def _open(self) -> Iterator[str]:
        if not self.judgement.facts_to_establish:
            return
        yield self.say("explain.open")
        for code in self.judgement.facts_to_establish:
            key = f"fact.{code}" if code in FACTS else f"establish.{code}"
            yield self.say("explain.question", question=self.say(key))

    def _ref(self, told: str) -> str:
        """A reference in the reader's language."""
        for articles in self.pack.file.article_map:
            for ref in articles.refs:
                if self.lang == "zh" and told in (ref.en, f"{ref.en} (unverified)"):
                    return self._marked(ref.zh, ref.verified)
        return told

    def _marked(self, told: str, verified: bool) -> str:
        return told if verified else self.say("explain.unverified", what=told)

    def _law(self) -> Iterator[str]:
        if self.judgement.law_refs:
            yield self.say("explain.refs", refs="; ".join(map(self._ref, self.judgement.law_refs)))
        if self.judgement.trade_secret_status:
            yield self.say(f"burden.{self.pack.file.burden}")
            for note in burden_notes(self.incident):
                yield self.say(
                    "explain.burden",
                    what=self.say(f"burden_note.{note.id}"),
                    state=self.say(f"burden_state.{note.state}"),
                    rests=", ".join(note.rests_on) or "-",
                )
        for exception in self.pack.file.exceptions:
            told = self.text(Text(zh=exception.zh, en=exception.en))
            yield self.say("explain.exception", what=self._marked(told, exception.verified))
        yield self.say("explain.pack", pack=self.judgement.pack)
        yield self.text(self.pack.file.wording["legal_note"])


def _joined(facts: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The facts by name; several of one name are told together."""
    found: dict[str, str] = {}
    for name, value in facts:
        found[name] = f"{found[name]}{SEPARATOR}{value}" if name in found else value
    return found
