//! Bills: electricity, broadband, telecom, and the tuition of the schools on the list (M4).

use serde::{Deserialize, Serialize};

use super::refusal::RefusalCode as Code;

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// 电费.
    Electricity,
    /// 宽带费.
    Broadband,
    /// 通讯费.
    Telecom,
    /// 学杂费, of some schools.
    Tuition,
}

impl BillKind {
    /// The name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Electricity => "electricity",
            Self::Broadband => "broadband",
            Self::Telecom => "telecom",
            Self::Tuition => "tuition",
        }
    }
}

/// Somebody whose bills can be paid here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Biller {
    /// What for.
    pub kind: BillKind,
    /// The name in requests.
    pub code: &'static str,
    /// The name for people.
    pub name: &'static str,
}

/// Who sends bills, as far as this bank has agreed with them. The names are made up (assumption): the
/// story names the kinds, and says that of the schools it is only some.
pub const BILLERS: &[Biller] = &[
    Biller {
        kind: BillKind::Electricity,
        code: "lc-power",
        name: "聊城供电 Liaocheng Power Supply",
    },
    Biller {
        kind: BillKind::Broadband,
        code: "lc-broadband",
        name: "聊城宽带 Liaocheng Broadband",
    },
    Biller {
        kind: BillKind::Telecom,
        code: "lc-mobile",
        name: "聊城移动通信 Liaocheng Mobile",
    },
    Biller {
        kind: BillKind::Telecom,
        code: "lc-telephone",
        name: "聊城电话 Liaocheng Telephone",
    },
    Biller {
        kind: BillKind::Tuition,
        code: "lc-no1-middle",
        name: "聊城第一中学 Liaocheng No. 1 Middle School",
    },
    Biller {
        kind: BillKind::Tuition,
        code: "lc-canal-primary",
        name: "运河小学 Canal Primary School",
    },
    Biller {
        kind: BillKind::Tuition,
        code: "lc-technical",
        name: "水城技师学院 Water City Technical College",
    },
];

/// A bill as a payee: whose, and which of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// What for.
    pub kind: BillKind,
    /// The biller's code.
    pub biller: String,
    /// The meter, line, phone or pupil, which the biller alone knows.
    pub reference: String,
}

impl Bill {
    /// The biller, when this bank has agreed with it for this kind.
    pub fn biller(&self) -> Result<&'static Biller, Code> {
        let wanted = |biller: &&Biller| biller.kind == self.kind && biller.code == self.biller;
        BILLERS.iter().find(wanted).ok_or(match self.kind {
            BillKind::Tuition => Code::SchoolNotListed,
            _ => Code::BillerNotFound,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(kind: BillKind, biller: &str) -> Bill {
        Bill {
            kind,
            biller: biller.to_owned(),
            reference: "1".to_owned(),
        }
    }

    #[test]
    fn every_kind_of_the_story_has_a_biller_and_the_unknown_are_refused() {
        use BillKind::{Broadband, Electricity, Telecom, Tuition};
        for kind in [Electricity, Broadband, Telecom, Tuition] {
            assert!(BILLERS.iter().any(|biller| biller.kind == kind));
        }
        assert!(bill(Electricity, "lc-power").biller().is_ok());
        let wrong_kind = bill(Telecom, "lc-power").biller();
        assert_eq!(wrong_kind, Err(Code::BillerNotFound));
        let unlisted = bill(Tuition, "lc-no2-middle").biller();
        assert_eq!(unlisted, Err(Code::SchoolNotListed));
    }

    #[test]
    fn no_two_billers_share_a_code() {
        let mut codes: Vec<_> = BILLERS.iter().map(|biller| biller.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), BILLERS.len());
    }
}
