"""What must always hold of money, checked by ``manage.py doctor``."""

from finance.price_invariants import PRICES
from justdriving.kernel.invariants import Invariant

INVARIANTS = [
    *PRICES,
    Invariant(
        code="finance.invoice_total",
        means="The total and the VAT of an issued invoice are the sums of its lines.",
        sql="""
            SELECT i.school_id, 'invoice ' || i.number
            FROM finance_invoice AS i
            LEFT JOIN finance_invoiceline AS l ON l.invoice_id = i.id
            WHERE i.status NOT IN ('draft', 'discarded')
            GROUP BY i.id
            HAVING i.total_minor <> COALESCE(SUM(l.total_minor), 0)
                OR i.vat_minor <> COALESCE(SUM(l.vat_minor), 0)
        """,
    ),
    Invariant(
        code="finance.numbers_gap_free",
        means="Numbers of invoices and of credit notes run from 1 without a gap in each series.",
        sql="""
            SELECT s.school_id, 'series ' || s.code || ': ' || COUNT(d.id) || ' documents, highest '
                   || COALESCE(MAX(d.sequence), 0) || ', next ' || s.next_number
            FROM finance_invoiceseries AS s
            LEFT JOIN (
                SELECT id, series_id, sequence, 'invoice' AS document FROM finance_invoice
                UNION ALL
                SELECT id, series_id, sequence, 'credit_note' FROM finance_creditnote
            ) AS d ON d.series_id = s.id
            GROUP BY s.id
            HAVING COALESCE(MAX(d.sequence), 0) <> COUNT(DISTINCT d.sequence)
                OR s.next_number <> COUNT(d.id) + 1
                OR COUNT(d.id) FILTER (WHERE d.document <> s.document) > 0
        """,
    ),
    Invariant(
        code="finance.allocations_within_payment",
        means="No payment covers more than it brought.",
        sql="""
            SELECT p.school_id, 'payment ' || p.id
            FROM finance_payment AS p JOIN finance_paymentallocation AS a ON a.payment_id = p.id
            GROUP BY p.id
            HAVING SUM(a.amount_minor)
                   > CASE WHEN p.status = 'received' THEN p.amount_minor ELSE 0 END
        """,
    ),
    Invariant(
        code="finance.refunds_within_payment",
        means="What a payment covers and what is given back of it is never more than it brought.",
        sql="""
            SELECT p.school_id, 'payment ' || p.id
            FROM finance_payment AS p
            JOIN finance_refund AS r
              ON r.payment_id = p.id AND r.status NOT IN ('failed', 'declined')
            GROUP BY p.id
            HAVING bool_or(r.student_id <> p.student_id) OR SUM(r.amount_minor) + (
                SELECT COALESCE(SUM(a.amount_minor), 0)
                FROM finance_paymentallocation AS a WHERE a.payment_id = p.id) > p.amount_minor
        """,
    ),
    Invariant(
        code="finance.refund_entry",
        means="A refund is in the ledger exactly while it is paid back.",
        sql="""
            SELECT r.school_id, 'refund ' || r.id || ' is ' || r.status
            FROM finance_refund AS r
            LEFT JOIN finance_ledgerentry AS e ON e.refund_id = r.id
            GROUP BY r.id
            HAVING COALESCE(SUM(e.amount_minor), 0)
                   <> CASE WHEN r.status = 'succeeded' THEN r.amount_minor ELSE 0 END
                OR bool_or(e.student_id <> r.student_id)
        """,
    ),
    Invariant(
        code="finance.refund_approved",
        means="A refund has its history, and two people where the school wants two.",
        sql="""
            SELECT r.school_id, 'refund ' || r.id || ' is ' || r.status
            FROM finance_refund AS r
            WHERE r.status IS DISTINCT FROM (
                      SELECT e.to_status FROM finance_refundevent AS e
                      WHERE e.refund_id = r.id ORDER BY e.id DESC LIMIT 1)
               OR (r.needs_approval AND r.status NOT IN ('requested', 'declined')
                   AND (r.decided_by_id IS NULL OR r.decided_by_id = r.requested_by_id))
        """,
    ),
    Invariant(
        code="finance.allocations_within_invoice",
        means="No invoice is covered by more than its total less what was credited of it.",
        sql="""
            SELECT i.school_id, 'invoice ' || i.number
            FROM finance_invoice AS i
            JOIN finance_paymentallocation AS a ON a.invoice_id = i.id
            GROUP BY i.id
            HAVING SUM(a.amount_minor) > i.total_minor - (
                SELECT COALESCE(SUM(c.total_minor), 0) FROM finance_creditnote AS c
                WHERE c.invoice_id = i.id AND c.issued_on IS NOT NULL)
        """,
    ),
    Invariant(
        code="finance.nothing_taken_back_that_was_not_given",
        means="What a payment covers of an invoice is never less than nothing.",
        sql="""
            SELECT MIN(school_id), 'payment ' || payment_id || ', invoice ' || invoice_id
            FROM finance_paymentallocation GROUP BY payment_id, invoice_id
            HAVING SUM(amount_minor) < 0
        """,
    ),
    Invariant(
        code="finance.credit_note_total",
        means="A credit note is issued, of its invoice's student, and the sum of its lines.",
        sql="""
            SELECT c.school_id, 'credit note ' || c.id || ' ' || c.number
            FROM finance_creditnote AS c
            JOIN finance_invoice AS i ON i.id = c.invoice_id
            LEFT JOIN finance_creditnoteline AS l ON l.credit_note_id = c.id
            LEFT JOIN finance_invoiceline AS il ON il.id = l.invoice_line_id
            GROUP BY c.id, i.id
            HAVING c.issued_on IS NULL OR c.student_id <> i.student_id
                OR i.status IN ('draft', 'discarded')
                OR c.total_minor <> COALESCE(SUM(l.total_minor), 0)
                OR c.vat_minor <> COALESCE(SUM(l.vat_minor), 0)
                OR bool_or(il.invoice_id IS DISTINCT FROM c.invoice_id)
        """,
    ),
    Invariant(
        code="finance.credits_within_invoice",
        means="No line is credited beyond its amount and its VAT.",
        sql="""
            SELECT il.school_id, 'line ' || il.id || ': ' || SUM(l.total_minor)
                   || ' credited of ' || il.total_minor
            FROM finance_invoiceline AS il
            JOIN finance_creditnoteline AS l ON l.invoice_line_id = il.id
            GROUP BY il.id
            HAVING SUM(l.total_minor) NOT BETWEEN LEAST(0, il.total_minor)
                                              AND GREATEST(0, il.total_minor)
                OR SUM(l.vat_minor) NOT BETWEEN LEAST(0, il.vat_minor) AND GREATEST(0, il.vat_minor)
        """,
    ),
    Invariant(
        code="finance.credit_note_entry",
        means="Every credit note has its ledger entry, of its amount and its student.",
        sql="""
            SELECT c.school_id, 'credit note ' || c.number
            FROM finance_creditnote AS c
            LEFT JOIN finance_ledgerentry AS e ON e.credit_note_id = c.id AND e.kind = 'credit_note'
            WHERE e.amount_minor IS DISTINCT FROM -c.total_minor OR e.student_id <> c.student_id
        """,
    ),
    Invariant(
        code="finance.allocation_of_one_student",
        means="A payment covers only invoices of the student it came from.",
        sql="""
            SELECT a.school_id, 'allocation ' || a.id
            FROM finance_paymentallocation AS a
            JOIN finance_payment AS p ON p.id = a.payment_id
            JOIN finance_invoice AS i ON i.id = a.invoice_id
            WHERE p.student_id <> i.student_id
        """,
    ),
    Invariant(
        code="finance.status_follows_allocations",
        means="An invoice is called what its allocations and credit notes make it.",
        sql="""
            SELECT i.school_id, 'invoice ' || i.number || ' is called ' || i.status
            FROM finance_invoice AS i
            CROSS JOIN LATERAL (
                SELECT (SELECT COALESCE(SUM(a.amount_minor), 0)
                        FROM finance_paymentallocation AS a WHERE a.invoice_id = i.id) AS paid,
                       (SELECT COALESCE(SUM(c.total_minor), 0)
                        FROM finance_creditnote AS c WHERE c.invoice_id = i.id) AS credited
            ) AS sums
            WHERE i.status NOT IN ('draft', 'discarded')
              AND i.status <> CASE WHEN credited > 0 AND credited = i.total_minor THEN 'credited'
                                   WHEN paid + credited >= i.total_minor THEN 'paid'
                                   WHEN paid > 0 THEN 'part_paid' ELSE 'issued' END
        """,
    ),
    Invariant(
        code="finance.balance_is_invoices_less_payments",
        means="A student's ledger is what was invoiced less what was credited and paid for good.",
        sql="""
            WITH parts AS (
                SELECT school_id, student_id, amount_minor AS ledger, 0::bigint AS documents
                FROM finance_ledgerentry
                WHERE kind <> 'correction' OR participation_transition_id IS NOT NULL
                UNION ALL
                SELECT school_id, student_id, 0, total_minor
                FROM finance_invoice WHERE status NOT IN ('draft', 'discarded')
                UNION ALL
                SELECT school_id, student_id, 0, -total_minor FROM finance_creditnote
                UNION ALL
                SELECT school_id, student_id, 0, amount_minor
                FROM finance_refund WHERE status = 'succeeded'
                UNION ALL
                SELECT school_id, student_id, 0, -amount_minor
                FROM finance_payment WHERE status = 'received'
            )
            SELECT school_id, 'student ' || student_id || ': ledger ' || SUM(ledger)
                   || ', documents ' || SUM(documents)
            FROM parts GROUP BY school_id, student_id
            HAVING SUM(ledger) <> SUM(documents)
        """,
    ),
    Invariant(
        code="finance.billed_once",
        means="Nothing is billed twice for one participation.",
        sql="""
            SELECT e.school_id, 'participation ' || t.participation_id || ': '
                   || COUNT(*) || ' charges'
            FROM finance_ledgerentry AS e
            JOIN bookings_participationtransition AS t ON t.id = e.participation_transition_id
            WHERE e.kind <> 'correction'
            GROUP BY e.school_id, t.participation_id
            HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        code="finance.charge_has_its_cause",
        means="Every charge names its cause and its student, and is on one invoice unless waived.",
        sql="""
            SELECT e.school_id, 'entry ' || e.id || ' (' || e.kind || ')'
            FROM finance_ledgerentry AS e
            LEFT JOIN finance_invoiceline AS l ON l.entry_id = e.id
            LEFT JOIN finance_invoice AS i ON i.id = l.invoice_id
            LEFT JOIN bookings_participationtransition AS t ON t.id = e.participation_transition_id
            LEFT JOIN bookings_participation AS p ON p.id = t.participation_id
            LEFT JOIN administration_studentevent AS s ON s.id = e.student_event_id
            LEFT JOIN finance_followup AS f ON f.id = e.follow_up_id
            LEFT JOIN finance_invoice AS fi ON fi.id = f.invoice_id
            WHERE e.kind IN ('lesson_charge', 'no_show_fee', 'cancellation_fee', 'signup_fee',
                             'reminder_fee')
              AND (COALESCE(p.student_id, s.student_id, fi.student_id) IS DISTINCT FROM e.student_id
                   OR (i.student_id IS DISTINCT FROM e.student_id
                       OR l.total_minor IS DISTINCT FROM e.amount_minor)
                      AND NOT (l.id IS NULL AND EXISTS (
                          SELECT FROM finance_ledgerentry AS c WHERE c.kind = 'correction'
                          AND c.participation_transition_id = e.participation_transition_id)))
        """,
    ),
    Invariant(
        code="finance.reminder_fee",
        means="A reminder has charged the fee that it says, no more and no less.",
        sql="""
            SELECT f.school_id, 'step ' || f.id || ' of invoice ' || f.invoice_id
            FROM finance_followup AS f
            LEFT JOIN finance_ledgerentry AS e
              ON e.follow_up_id = f.id AND e.kind = 'reminder_fee'
            GROUP BY f.id
            HAVING f.fee_minor <> COALESCE(SUM(e.amount_minor), 0)
        """,
    ),
    Invariant(
        code="finance.waiver_credits_the_fee",
        means="A waived fee is credited in full, once, to the same student.",
        sql="""
            SELECT c.school_id, 'entry ' || c.id
            FROM finance_ledgerentry AS c
            WHERE c.kind = 'correction' AND c.participation_transition_id IS NOT NULL
              AND NOT EXISTS (
                  SELECT FROM finance_ledgerentry AS e
                  WHERE e.participation_transition_id = c.participation_transition_id
                    AND e.kind IN ('cancellation_fee', 'no_show_fee')
                    AND e.student_id = c.student_id AND e.amount_minor = -c.amount_minor)
        """,
    ),
    Invariant(
        code="finance.attended_is_charged",
        means="An attended place is charged its agreed price, no more and no less.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id
            FROM bookings_participation AS p
            WHERE EXISTS (SELECT FROM bookings_participationtransition AS t
                          WHERE t.participation_id = p.id AND t.to_status = 'attended')
              AND p.price_minor <> (
                  SELECT COALESCE(SUM(e.amount_minor), 0)
                  FROM finance_ledgerentry AS e
                  JOIN bookings_participationtransition AS t ON t.id = e.participation_transition_id
                  WHERE t.participation_id = p.id AND e.kind = 'lesson_charge')
        """,
    ),
    Invariant(
        code="finance.payment_entry",
        means="Every received payment has its ledger entry, and no other payment has one.",
        sql="""
            SELECT p.school_id, 'payment ' || p.id
            FROM finance_payment AS p
            LEFT JOIN finance_ledgerentry AS e ON e.payment_id = p.id AND e.kind = 'payment'
            WHERE CASE WHEN p.status = 'received' THEN -p.amount_minor ELSE 0 END
                  <> COALESCE(e.amount_minor, 0)
        """,
    ),
    Invariant(
        code="finance.external_id_applied_once",
        means="Each payment of a gateway is applied once.",
        sql="""
            SELECT MIN(school_id), gateway || ' ' || external_id || ': ' || COUNT(*) || ' payments'
            FROM finance_payment WHERE external_id IS NOT NULL
            GROUP BY gateway, external_id HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        code="finance.paid_checkout_has_payment",
        means="A paid visit to a payment page has its payment, and an unpaid one has none.",
        sql="""
            SELECT c.school_id, 'checkout ' || c.id || ' is ' || c.status
            FROM finance_checkout AS c
            LEFT JOIN finance_payment AS p ON p.checkout_id = c.id
            WHERE (c.status = 'paid') <> (p.id IS NOT NULL)
        """,
    ),
    Invariant(
        code="finance.cancellation_follows_policy",
        means="A cancelled place owes only a fee of its terms for the side that asked, or less.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id || ' owes ' || owed.minor
            FROM bookings_participation AS p
            JOIN bookings_participationtransition AS t
              ON t.participation_id = p.id AND t.to_status = 'cancelled'
            JOIN bookings_bookingtransition AS bt ON bt.id = t.booking_transition_id
            JOIN bookings_booking AS b ON b.id = p.booking_id
            CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(e.amount_minor), 0) - COALESCE(SUM((
                           SELECT SUM(l.total_minor) FROM finance_invoiceline AS il
                           JOIN finance_creditnoteline AS l ON l.invoice_line_id = il.id
                           WHERE il.entry_id = e.id AND e.kind = 'lesson_charge')), 0) AS minor
                FROM finance_ledgerentry AS e
                JOIN bookings_participationtransition AS any_
                  ON any_.id = e.participation_transition_id
                WHERE any_.participation_id = p.id AND e.kind <> 'correction'
            ) AS owed
            WHERE p.status = 'cancelled' AND owed.minor <> 0
              AND (bt.from_status IN ('draft', 'pending')
                   OR NOT EXISTS (
                       SELECT FROM bookings_cancellationstep AS s
                       WHERE s.terms_id = b.cancellation_terms_id AND s.party = bt.requested_by
                         AND owed.minor = CASE WHEN s.consumes_lesson THEN p.price_minor
                             ELSE COALESCE(
                                 s.fixed_minor, ROUND(p.price_minor * s.percent / 100.0)) END
                   ))
        """,
    ),
    Invariant(
        code="finance.one_currency_per_school",
        means="Everything in a school's books is in the school's currency.",
        sql="""
            SELECT s.id, found.what || ' ' || found.id || ' is in ' || found.currency
            FROM administration_school AS s
            JOIN (
                SELECT school_id, id, currency, 'entry' AS what FROM finance_ledgerentry
                UNION ALL SELECT school_id, id, currency, 'invoice' FROM finance_invoice
                UNION ALL SELECT school_id, id, currency, 'credit note' FROM finance_creditnote
                UNION ALL SELECT school_id, id, currency, 'refund' FROM finance_refund
                UNION ALL SELECT school_id, id, currency, 'checkout' FROM finance_checkout
                UNION ALL SELECT school_id, id, currency, 'payment' FROM finance_payment
                WHERE status = 'received'
            ) AS found ON found.school_id = s.id
            WHERE found.currency <> s.currency
        """,
    ),
    Invariant(
        code="finance.status_has_history",
        means="The last event of an issued invoice says the status it has.",
        sql="""
            SELECT i.school_id, 'invoice ' || i.number
            FROM finance_invoice AS i
            WHERE (i.status <> 'draft' OR EXISTS (
                      SELECT FROM finance_invoiceevent AS e WHERE e.invoice_id = i.id))
              AND i.status IS DISTINCT FROM (
                SELECT e.to_status FROM finance_invoiceevent AS e
                WHERE e.invoice_id = i.id ORDER BY e.id DESC LIMIT 1)
        """,
    ),
]
