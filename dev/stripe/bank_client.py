"""The part of the emulator's client for what a customer's bank does: see `bank_commands`."""

from dev.stripe.account_controls import Commands


class BankClient:
    """The commands of a customer's bank."""

    def open_dispute(self: Commands, charge: str, reason: str = "fraudulent", case: str = "chargeback") -> str:
        """Dispute a charge, as the customer's bank does, by a case of `disputes.CASES`. Return the dispute's id."""
        return str(self.send_command("dispute", charge=charge, reason=reason, case=case)["id"])

    def escalate_dispute(self: Commands, dispute: str) -> None:
        """Turn an inquiry into a dispute."""
        self.send_command("dispute", dispute=dispute, escalate=True)

    def close_dispute(self: Commands, dispute: str, *, won: bool) -> None:
        """Close a dispute as won or lost, or an inquiry without a decision."""
        self.send_command("dispute", dispute=dispute, won=won)

    def warn_of_fraud(self: Commands, charge: str) -> str:
        """Create an early fraud warning, as the card's bank does. Return its id."""
        return str(self.send_command("fraud_warning", charge=charge)["id"])

    def settle_refund(self: Commands, refund: str, status: str) -> None:
        """Set the final status of a refund: `succeeded`, `failed` or `canceled`."""
        self.send_command("settle_refund", refund=refund, status=status)

    def pay_invoice_part(self: Commands, invoice: str, amount: int, card: str) -> None:
        """Pay `amount` minor units of an open invoice."""
        self.send_command("pay_invoice_part", invoice=invoice, amount=amount, card=card)
