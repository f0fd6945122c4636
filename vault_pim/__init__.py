"""vault-pim: one credential set per Akeneo PIM connector, issued, verified, stored, rotated, revoked with proof."""

__version__ = "0.1.0"
