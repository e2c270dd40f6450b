"""Invoices, credit notes and receipts as PDF, in the reader's language."""

from finance.documents.pdf import credit_note_pdf, invoice_pdf, receipt_pdf

__all__ = ["credit_note_pdf", "invoice_pdf", "receipt_pdf"]
