//! The chart of accounts: a few accounts of the bank itself beside its customers' deposits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::ids::AccountNumber;

/// What an account of the bank's own books is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerKind {
    /// The bank owns it; its balance is usually a debit, thus negative.
    Asset,
    /// The bank owes it; its balance is usually a credit, thus positive.
    Liability,
    /// What the bank earned; a credit.
    Income,
    /// What it cost the bank; a debit.
    Expense,
}

impl LedgerKind {
    /// The name in the trial balance.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Income => "income",
            Self::Expense => "expense",
        }
    }
}

macro_rules! chart {
    ($($variant:ident $number:literal $name:literal $kind:ident $doc:literal;)+) => {
        /// An account of the bank itself. Customers' deposits are not here: each has its own account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum LedgerAccount {
            $(#[doc = $doc] $variant,)+
        }

        impl LedgerAccount {
            /// The whole chart, in the order of the trial balance.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in postings and in the trial balance.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The number in the journal and in the projection: never given to another account.
            pub fn number(self) -> u64 {
                match self { $(Self::$variant => $number,)+ }
            }

            /// What the account is.
            pub fn kind(self) -> LedgerKind {
                match self { $(Self::$variant => LedgerKind::$kind,)+ }
            }

            /// What is posted to it.
            pub fn purpose(self) -> &'static str {
                match self { $(Self::$variant => $doc,)+ }
            }
        }
    };
}

chart! {
    CashCounter 1 "cash_counter" Asset "Cash at the counters.";
    CashAtm 2 "cash_atm" Asset "Cash in the cash machines.";
    Nostro 3 "nostro" Asset "What this bank holds at the central bank and other banks; settlements move it.";
    CardNetwork 4 "card_network" Asset "What the card network and this bank owe each other, settled outside of it.";
    Settlement 5 "settlement" Liability "Transfers to other banks on their way, until they are settled.";
    BillsPayable 6 "bills_payable" Liability "Bills that customers paid, until their billers get the money.";
    Loans 7 "loans" Asset "Principal of loans that is outstanding.";
    LoanInterestReceivable 8 "loan_interest_receivable" Asset "Interest on loans that has accrued and is not yet paid.";
    LoanInterestIncome 9 "loan_interest_income" Income "Interest on loans.";
    DepositInterestPayable 10 "deposit_interest_payable" Liability "Interest on deposits that has accrued and is not yet credited.";
    DepositInterestExpense 11 "deposit_interest_expense" Expense "Interest on deposits.";
    WealthFunds 12 "wealth_funds" Liability "What customers hold in wealth products, at its net asset value.";
    WealthInvestments 13 "wealth_investments" Asset "What the wealth products' money is invested in, beyond what was paid in.";
    MallMerchants 20 "mall_merchants" Liability "What the mall's merchants are owed for orders.";
    PointsExpense 21 "points_expense" Expense "What points cost the bank when they pay, less what funded them.";
    WelfareVouchers 22 "welfare_vouchers" Liability "Vouchers that enterprises paid for and nobody has spent yet.";
}

impl LedgerAccount {
    /// The account of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|account| account.name() == name)
    }
}

/// Either side of a posting: an account of the bank or of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookAccount {
    /// An account of the bank.
    Ledger(LedgerAccount),
    /// An account of a customer.
    Customer(AccountNumber),
}

impl BookAccount {
    fn parse(text: &str) -> Option<Self> {
        LedgerAccount::parse(text)
            .map(Self::Ledger)
            .or_else(|| AccountNumber::parse(text).map(Self::Customer))
    }
}

impl BookAccount {
    /// The number in the journal and in the projection: a customer's account is its digits, which are
    /// far above those of the bank's own accounts.
    pub fn number(self) -> u64 {
        match self {
            Self::Ledger(account) => account.number(),
            Self::Customer(number) => number.digits(),
        }
    }

    /// The account of this number.
    pub fn of_number(number: u64) -> Option<Self> {
        let mut ledger = LedgerAccount::ALL.iter().copied();
        ledger
            .find(|account| account.number() == number)
            .map(Self::Ledger)
            .or_else(|| AccountNumber::of_content(number).map(Self::Customer))
    }
}

impl fmt::Display for BookAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(account) => f.write_str(account.name()),
            Self::Customer(number) => number.fmt(f),
        }
    }
}

/// The name for people, the number for the journal.
impl Serialize for BookAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            _ if serializer.is_human_readable() => serializer.collect_str(self),
            _ => serializer.serialize_u64(self.number()),
        }
    }
}

impl<'de> Deserialize<'de> for BookAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = if deserializer.is_human_readable() {
            Self::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?)
        } else {
            Self::of_number(u64::deserialize(deserializer)?)
        };
        found.ok_or_else(|| D::Error::custom("not an account of the books"))
    }
}
