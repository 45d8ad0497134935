"""What check-client says of its own, in both languages; findings bring their texts with them."""

from collections.abc import Mapping
from typing import Literal

from contract_tests.journeys.journey import Text

Language = Literal["en", "az"]

WORDS: Mapping[str, Text] = {
    "passed": Text("passed", "keçdi"),
    "failed": Text("failed", "keçmədi"),
    "ended": Text("exit {exit}", "çıxış {exit}"),
    "stopped": Text("stopped", "dayandırıldı"),
    "took": Text("{seconds:.1f} s", "{seconds:.1f} san"),
    "requests": Text("{count} requests", "{count} sorğu"),
    "error": Text("error", "xəta"),
    "warning": Text("warning", "xəbərdarlıq"),
    "advice": Text("advice", "məsləhət"),
    "which": Text("requests {numbers}", "sorğular: {numbers}"),
    "said": Text("it said: {text}", "proqramın dediyi: {text}"),
    "outcomes": Text(
        "{met} of {all} outcomes met; --html and --json tell which not, and why",
        "{all} nəticədən rast gəlinəni: {met}; qalanları və səbəbi --html və --json göstərir",
    ),
    "badge": Text("{passed} of {all} journeys passed; {found}", "keçilən sınaqlar: {passed}/{all}; {found}"),
    "nothing": Text("nothing found", "irad yoxdur"),
    "never-ended": Text("had to be stopped when its time was over", "vaxtı bitdiyi üçün dayandırılmalı oldu"),
    "ended-early": Text("stopped before all journeys were over", "bütün sınaqlar bitməmiş dayandırıldı"),
    "journey": Text("journey", "sınaq"),
    "task": Text("task", "iş"),
    "happens": Text("what happens", "nə baş verir"),
    "held": Text("held to", "faktlar"),
    "portal": Text(
        "Portal:    {server}/api   user demo, password demo, token demo-token, phone 994501234567",
        "Portal:       {server}/api   istifadəçi demo, parol demo, token demo-token, telefon 994501234567",
    ),
    "dashboard": Text("Dashboard: {server}/", "İdarə paneli: {server}/"),
    "use": Text(
        "Use your ERP against it; what is found shows here. Stop with Ctrl-C.",
        "ERP sisteminizi bu portala qoşun; iradlar burada görünəcək. Dayandırmaq üçün Ctrl-C.",
    ),
}


def say(name: str, language: Language, **with_: object) -> str:
    """A phrase in a language, filled in."""
    text: str = getattr(WORDS[name], language)
    return text.format(**with_)
