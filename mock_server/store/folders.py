"""The folders of e-taxes (R-74): drafts have one of their own, a goods transfer is sent only."""

from typing import Literal

from mock_server.rulebook.vocabulary import DRAFT, GOODS_TRANSFER

Folder = Literal["draft", "sent", "incoming"]

INCOMING, SENT = 0, 1
FOLDER_OF_DIR: dict[int, Folder] = {INCOMING: "incoming", SENT: "sent"}


def lying_in(world: int, company: str | None, folder: Folder) -> tuple[str, list[object]]:
    """A condition on `registry`, and its values: one company's folder, or those of all that the world knows."""
    condition, params = _whose(world, company, "buyer" if folder == "incoming" else "uploader")
    if folder == "draft":
        return f"{condition} AND status = ?", [*params, DRAFT]
    if folder == "sent":
        return f"{condition} AND status <> ?", [*params, DRAFT]
    return f"{condition} AND status <> ? AND kind <> ?", [*params, DRAFT, GOODS_TRANSFER]


def _whose(world: int, company: str | None, column: str) -> tuple[str, list[object]]:
    """An uploader is NULL where no company of the world uploaded; a buyer may be anybody."""
    if company is not None:
        return f"world = ? AND {column} = ?", [world, company]
    if column == "uploader":
        return "world = ? AND uploader IS NOT NULL", [world]
    return "world = ? AND buyer IN (SELECT tin FROM companies WHERE world = ?)", [world, world]
