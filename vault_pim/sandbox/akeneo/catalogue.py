"""The minimal catalogue and the resources of the web API that show it.

Read by the web API alone. A resource says where it lives, what may be done with it and which privilege that takes; the
catalogue keeps the items by resource and code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_READ: Final = ("list", "get")
_WRITE: Final = ("list", "get", "create", "partial_update", "partial_update_list")
_REMOVE: Final = (*_WRITE, "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of thing in the web API.

    Attributes:
        name: as in the names of its routes.
        path: of its list; `{...}` stands for the code of what it belongs to.
        operations: in the order in which the PIM has its routes.
        title: how a message begins that misses one.
        privilege: the privileges' common part; empty where overall access is enough.
        objects: how a refusal names them.
        key: the member that holds the code.
        code: the last segment of one item's path.
        belongs_to: the resource whose item the path names.
        hidden: whether an item may be kept from a caller who has the privilege.
    """

    name: str
    path: str
    operations: tuple[str, ...]
    title: str
    privilege: str = ""
    objects: str = ""
    key: str = "code"
    code: str = "{code}"
    belongs_to: str = ""
    hidden: bool = False


_UUID: Final = "{uuid:[0-9a-f-]+}"


def _own(name: str, path: str, operations: tuple[str, ...] = _WRITE, **more: Any) -> Resource:
    """A resource with a privilege of its own name."""
    words = name.replace("_", " ")
    objects = more.pop("objects", f"{words}s")
    return Resource(
        name=name, path=path, operations=operations, title=words.capitalize(), privilege=name, objects=objects, **more
    )


def _product(name: str, path: str, title: str, **more: Any) -> Resource:
    return Resource(
        name=name, path=path, operations=_REMOVE, title=title,
        privilege="product", objects="products", hidden=True, **more,
    )  # fmt: skip


RESOURCES: Final = (
    _own("locale", "locales", _READ),
    _own("channel", "channels"),
    _own("currency", "currencies", _READ, objects="currencies"),
    _own("attribute", "attributes"),
    _own("attribute_option", "attributes/{attributeCode}/options", belongs_to="attribute"),
    _own("attribute_group", "attribute-groups"),
    _own("family", "families", objects="families"),
    _own("family_variant", "families/{familyCode}/variants", belongs_to="family"),
    _own("association_type", "association-types"),
    _own("category", "categories", objects="categories"),
    _product("product", "products", "Product", key="identifier"),
    _product("product_model", "product-models", "Product model"),
    _product("product_uuid", "products-uuid", "Product", key="uuid", code=_UUID),
    Resource(
        name="media_file", path="media-files", operations=("list", "get", "create", "download"), title="Media file"
    ),
)
MEASUREMENT_FAMILIES: Final = Resource(
    name="measurement_family", path="measurement-families", operations=(), title="Measurement family"
)


class Catalogue:
    """Items by resource name and code, as the minimal catalogue has them."""

    def __init__(self, installed: datetime, *, dates_categories: bool) -> None:
        self._items: dict[str, dict[str, dict[str, Any]]] = {}
        for resource, items in _minimal(installed, dates_categories=dates_categories).items():
            self._items[resource] = {item["code"]: item for item in items}

    def items(self, resource: Resource, parents: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The items of a resource; those of an attribute or a family are kept apart from another's."""
        return self._items.setdefault("/".join((resource.name, *parents.values())), {})

    def item(self, resource_name: str, code: str) -> dict[str, Any]:
        return self._items.get(resource_name, {}).get(code, {})

    def has(self, resource_name: str, code: str) -> bool:
        return code in self._items.get(resource_name, {})


def _minimal(installed: datetime, *, dates_categories: bool) -> dict[str, list[dict[str, Any]]]:
    enabled_locales, enabled_currencies = ("en_US",), ("EUR", "USD")
    return {
        "locale": [{"code": code, "enabled": code in enabled_locales} for code in ("de_DE", "en_US", "fr_FR")],
        "currency": [{"code": code, "enabled": code in enabled_currencies} for code in ("CHF", "EUR", "GBP", "USD")],
        "channel": [
            {
                "code": "ecommerce",
                "currencies": ["USD"],
                "locales": ["en_US"],
                "category_tree": "master",
                "conversion_units": {},
                "labels": {"en_US": "Ecommerce"},
            }
        ],
        "category": [
            {
                "code": "master",
                "parent": None,
                **({"updated": installed.isoformat(timespec="seconds")} if dates_categories else {}),
                "labels": {"en_US": "Master catalog"},
            }
        ],
        "attribute": [
            {"code": "sku", "type": "pim_catalog_identifier", "group": "other", "labels": {"en_US": "SKU"}}
        ],
        "attribute_group": [
            {"code": "other", "sort_order": 100, "attributes": ["sku"], "labels": {"en_US": "Other"}}
        ],
        "association_type": [
            {"code": code, "labels": {"en_US": label}, "is_two_way": False, "is_quantified": False}
            for code, label in (
                ("PACK", "Pack"), ("SUBSTITUTION", "Substitution"), ("UPSELL", "Upsell"), ("X_SELL", "Cross sell"),
            )
        ],
        "measurement_family": [
            {
                "code": "Weight",
                "labels": {"en_US": "Weight"},
                "standard_unit_code": "KILOGRAM",
                "units": {
                    "KILOGRAM": {
                        "code": "KILOGRAM",
                        "labels": {"en_US": "Kilogram"},
                        "convert_from_standard": [{"operator": "mul", "value": "1"}],
                        "symbol": "kg",
                    }
                },
            }
        ],
    }  # fmt: skip
