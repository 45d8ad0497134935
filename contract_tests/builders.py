"""Valid invoices as an ERP sends them (F-IMP-03 to F-IMP-05).

`invoice(7)` satisfies every relation of R-11, `tolerant` and `exact`, and every answer of R-09 and R-10. The same
seed gives the same invoice. Amounts are `Decimal` or `int`, never `float`.
"""

import random
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from faker import Faker

from contract_tests.documents import load

Invoice: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, Any]
InvoiceType = Literal["default", "avans", "goodsTransfer"]
Taxation = Literal[
    "vat", "simplified", "excise", "road-tax", "exempt", "zero-rated", "not-taxable", "mixed", "everything"
]
TAXATIONS: tuple[Taxation, ...] = get_args(Taxation)

SELLER = "1234567890"
BUYER = "0987654321"
"""Two of the companies that samples name (F-SMP-05); both live in the default world."""

SUMS: Mapping[str, str] = {
    "sum_subtotal1": "subtotal1",
    "sum_aksiz": "aksiz",
    "sum_subtotal2": "subtotal2",
    "sum_apply_vat_amount": "apply_vat_amount",
    "sum_skip_vat_amount": "skip_vat_amount",
    "sum_vat_zero": "vat_zero",
    "sum_vat_free": "vat_free",
    "sum_vat_amount": "vat_amount",
    "sum_ttax": "transport_tax",
    "sum_total": "total",
}
"""Header field -> the item field it sums up."""


_VAT_RATE = Decimal(load("rules.json")["vat_rate"])
_CENT = Decimal("0.01")
_FINE = Decimal("0.001")
_FINEST = Decimal("0.00001")


class Product(NamedTuple):
    """Something to sell; `low` and `high` bound its price, `weighed` ones are sold in fractions."""

    code: str
    name: str
    unit: str
    low: int
    high: int
    weighed: bool = False


_GOODS = (
    Product("4802569000", "Kağız A4, 80 q", "qutu", 18, 32),
    Product("0902400000", "Qara çay, əla növ, 500 q", "ədəd", 6, 14),
    Product("1512199000", "Günəbaxan yağı, 1 l", "şüşə", 3, 6),
    Product("6907220000", "Üzlük kafel, ağ", "kv.m", 9, 27),
    Product("2523290000", "Sement, 50 kq", "kisə", 7, 10),
    Product("9403300000", "Yazı masası, ofis üçün", "ədəd", 140, 420),
    Product("8471490000", "İş stansiyası, öz yığımımız", "ədəd", 900, 2600),
    Product("1806320000", "Şokolad, südlü, çəki ilə", "kq", 11, 24, weighed=True),
    Product("0406909900", "Pendir, Göyçay", "kq", 9, 17, weighed=True),
)
_EXCISE = (
    Product("2203000100", "Pivə, açıq rəngli, 0,5 l", "şüşə", 1, 3),
    Product("2204210000", "Üzüm şərabı, qırmızı", "şüşə", 7, 22),
    Product("2208200000", "Konyak, beşillik", "şüşə", 16, 48),
)
_FUEL = (
    Product("2710124100", "Avtomobil benzini Aİ-92", "litr", 1, 2),
    Product("2710194300", "Dizel yanacağı, yay üçün", "litr", 1, 2),
)
_FOOD = (
    Product("1001990000", "Ərzaqlıq buğda", "ton", 320, 460, weighed=True),
    Product("0401200000", "Çiy süd", "kq", 1, 2, weighed=True),
    Product("4901990000", "Dərslik, «Ana dili»", "ədəd", 4, 12),
)
_EXPORT = (
    Product("0802220000", "Fındıq ləpəsi", "kq", 12, 19, weighed=True),
    Product("2009891100", "Nar şirəsi, 1 l", "şüşə", 3, 7),
    Product("5201000000", "Pambıq lifi", "ton", 2100, 3300, weighed=True),
)
_SERVICES = (
    Product("9900000010", "Dərzi işi", "xidmət", 15, 90),
    Product("9900000020", "Çap işi, rəngli", "səhifə", 1, 4),
    Product("9900000030", "Gül dəstəsi", "ədəd", 12, 60),
)
_CATALOGUE: Mapping[Taxation, tuple[Product, ...]] = {
    "vat": _GOODS,
    "simplified": _SERVICES,
    "excise": _EXCISE,
    "road-tax": _FUEL,
    "exempt": _FOOD,
    "zero-rated": _EXPORT,
    "not-taxable": _SERVICES,
    "mixed": _GOODS,
    "everything": _FUEL,
}


def invoice(
    seed: int,
    *,
    items: int = 1,
    seller: str = SELLER,
    buyer: str | None = None,
    type: InvoiceType = "default",
    taxation: Taxation = "vat",
    erp_id: str | None = None,
    from_wh: str = "WH001",
    to_wh: str = "WH002",
    places: Literal[2, 5] = 2,
) -> Invoice:
    """A valid invoice of `items` items.

    Args:
        buyer: `BUYER` unless given; of a goods transfer the seller (F-IMP-08).
        taxation: which VAT, excise and road tax fields there are; `simplified` has none (F-IMP-09), `mixed`
            splits each item over the four VAT bases, `everything` has excise and road tax besides.
        erp_id: made from the seed unless given.
        from_wh: warehouse code, of a goods transfer only, like `to_wh`.
        places: decimals that item amounts have at most; header sums always have 2 (F-IMP-10).
    """
    rng = random.Random(seed)
    lines = _items(rng, items, taxation, places)
    while not _adds_up(sums := _sums(lines)):  # rounded sums of finer amounts need not
        lines = _items(rng, items, taxation, places)
    transfer = {"from_wh": from_wh, "to_wh": to_wh, "wh_field": 1} if type == "goodsTransfer" else {}
    return {
        "id": f"BUILT-{seed:08d}" if erp_id is None else erp_id,
        "type": type,
        **transfer,
        **_texts(seed),
        "seller": seller,
        "buyer": buyer or (seller if transfer else BUYER),
        **sums,
        "items": lines,
    }


def finely(one: Invoice) -> Invoice:
    """The same invoice with two items whose price, quantity and amounts have 5 decimals, none the same if rounded.

    Their names and units have the letters that a wrong code page loses; every amount differs from every other.
    """
    rng = random.Random(5)
    lines = _fine_items(rng)
    while not _adds_up(sums := _sums(lines)):
        lines = _fine_items(rng)
    return {**one, **sums, "items": lines}


def _fine_items(rng: random.Random) -> list[Item]:
    lines = []
    for product in (
        Product("2203000107", "Əla «ŞİRƏ», ığdır üzümü – 0,5 l", "şüşə", 2, 9),
        Product("2208200003", "Qıjqırma tozu, ÖZÜMÜZÜN", "kq", 11, 40),
    ):
        price, quantity = (_between(rng, *bounds, _FINEST) for bounds in ((product.low, product.high), (1, 9)))
        line = _amounts(rng, product, price, quantity, "everything", _FINEST, _FINEST)
        shift = _rounded(line["vat_free"] / 3, _FINEST)
        lines.append({**line, "vat_free": line["vat_free"] - shift, "vat_zero": line["vat_zero"] + shift})
    return lines


@cache
def _faker() -> Faker:
    return Faker("az_AZ")


def _texts(seed: int) -> dict[str, str]:
    faker = _faker()
    faker.seed_instance(seed)
    main = f"Müqavilə № {faker.random_int(1, 999)}, {faker.last_name()} {faker.company_suffix()}"
    return {"main_info": main, "add_info": f"Məsul şəxs: {faker.name()}"}


def _items(rng: random.Random, count: int, taxation: Taxation, places: int) -> list[Item]:
    products = _CATALOGUE[taxation]
    first = rng.randrange(len(products))
    return [_item(rng, products[(first + i) % len(products)], taxation, places) for i in range(count)]


def _item(rng: random.Random, product: Product, taxation: Taxation, places: int) -> Item:
    """One item. With 5 places every amount is exact: prices and parts have 3, and 18 % of them 5."""
    step = _CENT if places == 2 else _FINE
    price_step = rng.choice((_CENT, Decimal("0.0001"))) if places == 2 else _FINE
    price = _between(rng, product.low, product.high, price_step)
    weighed = product.weighed and places == 2
    quantity = _between(rng, 1, 60, _FINE) if weighed else rng.randint(1, 60)
    return _amounts(rng, product, price, quantity, taxation, step, Decimal(10) ** -places)


def _amounts(
    rng: random.Random,
    product: Product,
    price: Decimal,
    quantity: Decimal | int,
    taxation: Taxation,
    step: Decimal,
    vat_step: Decimal,
) -> Item:
    """An item with all that follows from its price and quantity, rounded to a step."""
    subtotal1 = _rounded(price * quantity, step)
    excise = _excise(rng, subtotal1, step) if taxation in ("excise", "everything") else {}
    subtotal2 = subtotal1 + excise.get("aksiz", 0)
    bases = _bases(subtotal2, taxation, step)
    apply = bases.get("apply_vat_amount", 0)
    vat = {"vat_amount": _rounded(apply * _VAT_RATE, vat_step)} if apply else {}
    road = {}
    if taxation in ("road-tax", "everything"):
        road = {"transport_tax": _rounded(quantity * Decimal("0.02"), step)}
    return {
        "id": product.code,
        "name": product.name,
        "unit": product.unit,
        "unit_price": price,
        "quantity": quantity,
        "barcode": f"{product.code}000",
        "subtotal1": subtotal1,
        **excise,
        "subtotal2": subtotal2,
        **bases,
        **vat,
        **road,
        "total": subtotal2 + vat.get("vat_amount", 0) + road.get("transport_tax", 0),
    }


def _excise(rng: random.Random, subtotal1: Decimal, step: Decimal) -> dict[str, Decimal]:
    grade = Decimal(rng.choice((5, 8, 12, 20)))
    return {"aksiz": _rounded(subtotal1 * grade / 100, step), "aksizgrade": grade}


def _bases(subtotal2: Decimal, taxation: Taxation, step: Decimal) -> dict[str, Decimal]:
    """How `subtotal2` falls to the four VAT bases."""
    match taxation:
        case "simplified":
            return {}
        case "exempt":
            return {"vat_free": subtotal2}
        case "zero-rated":
            return {"vat_zero": subtotal2}
        case "not-taxable":
            return {"skip_vat_amount": subtotal2}
        case "mixed" | "everything":
            part = _rounded(subtotal2 / 5, step)
            rest = subtotal2 - 3 * part
            return {"apply_vat_amount": rest, "skip_vat_amount": part, "vat_zero": part, "vat_free": part}
        case "vat" | "excise" | "road-tax":
            return {"apply_vat_amount": subtotal2}


def _between(rng: random.Random, low: int, high: int, step: Decimal) -> Decimal:
    return low + rng.randint(0, int((high - low) / step)) * step


def _rounded(amount: Decimal, step: Decimal) -> Decimal:
    return amount.quantize(step, ROUND_HALF_UP)


def _sums(lines: list[Item]) -> dict[str, Decimal]:
    """Header sums with 2 decimals; those of fields that no item has are left out."""
    return {
        total: _rounded(sum((line.get(field, 0) for line in lines), Decimal(0)), _CENT)
        for total, field in SUMS.items()
        if any(field in line for line in lines)
    }


def _adds_up(sums: Mapping[str, Decimal]) -> bool:
    """Whether the two relations among header sums hold (R-11)."""
    before, after = sums["sum_subtotal1"], sums["sum_subtotal2"]
    taxes = sums.get("sum_vat_amount", 0) + sums.get("sum_ttax", 0)
    return before + sums.get("sum_aksiz", 0) == after and after + taxes == sums["sum_total"]
