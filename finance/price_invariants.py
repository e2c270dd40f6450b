"""What must always hold of prices and VAT, checked by ``manage.py doctor``."""

from justdriving.kernel.invariants import Invariant

PRICES = [
    Invariant(
        code="finance.outlays_without_vat",
        means="What is passed on carries an outlay code and no VAT; what is sold carries neither.",
        sql="""
            SELECT p.school_id, 'product ' || p.id || ' (' || p.kind || ') carries ' || v.code
            FROM finance_product AS p JOIN finance_vatcode AS v ON v.id = p.vat_code_id
            WHERE p.kind <> 'lesson' AND (p.kind = 'outlay') <> (v.treatment = 'outlay')
            UNION ALL
            SELECT l.school_id, 'line ' || l.id || ' has VAT of ' || l.vat_minor
            FROM finance_invoiceline AS l JOIN finance_vatcode AS v ON v.id = l.vat_code_id
            WHERE v.treatment <> 'taxable'
              AND (l.vat_minor <> 0 OR l.vat_rate_basis_points <> 0)
        """,
    ),
    Invariant(
        code="finance.price_lists_apart",
        means="No two price lists of one place hold on the same day.",
        sql="""
            SELECT a.school_id, 'price lists ' || a.id || ' and ' || b.id
            FROM finance_pricelist AS a
            JOIN finance_pricelist AS b ON a.id < b.id AND a.school_id = b.school_id
             AND a.department_id IS NOT DISTINCT FROM b.department_id
             AND daterange(a.valid_from, a.valid_until, '[]')
                 && daterange(b.valid_from, b.valid_until, '[]')
        """,
    ),
    Invariant(
        code="finance.agreed_price_is_its_steps",
        means="The steps a price was agreed with add up to it.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id
            FROM bookings_participation AS p
            WHERE p.price_parts <> '[]' AND p.price_minor <> (
                SELECT SUM((part ->> 'minor')::bigint)
                FROM jsonb_array_elements(p.price_parts) AS part)
        """,
    ),
    Invariant(
        code="finance.line_is_its_parts",
        means="The steps beside an invoice line add up to it.",
        sql="""
            SELECT l.school_id, 'line ' || l.id
            FROM finance_invoiceline AS l JOIN finance_invoicelinepart AS p ON p.line_id = l.id
            GROUP BY l.id HAVING SUM(p.amount_minor) <> l.total_minor
        """,
    ),
    Invariant(
        code="finance.outlays_undiscounted",
        means="Nothing is taken off what is only passed on.",
        sql="""
            SELECT p.school_id, 'line ' || p.line_id
            FROM finance_invoicelinepart AS p
            JOIN finance_invoiceline AS l ON l.id = p.line_id
            JOIN finance_vatcode AS v ON v.id = l.vat_code_id
            WHERE v.treatment = 'outlay' AND p.amount_minor < 0
        """,
    ),
]
