//! Channels and operations as people read them.

use super::{Channel, Operation};
use crate::language::Lang;

impl Channel {
    /// As people read it.
    #[must_use]
    pub fn words(self, lang: Lang) -> &'static str {
        let (en, zh) = match self {
            Self::Counter => ("counter", "柜台"),
            Self::Kiosk => ("smart terminal", "智能终端"),
            Self::Atm => ("cash machine", "自动柜员机"),
            Self::Online => ("online bank", "网上银行"),
            Self::Mobile => ("mobile bank", "手机银行"),
            Self::Messenger => ("messenger", "即时通讯"),
            Self::Acquirer => ("card network", "银行卡网络"),
        };
        lang.pick(en, zh)
    }
}

impl Operation {
    /// As people read it.
    #[must_use]
    pub fn words(self, lang: Lang) -> &'static str {
        let (en, zh) = match self {
            Self::IdentityCheck => ("identity check", "身份核查"),
            Self::RegisterCustomer => ("customer registration", "客户建档"),
            Self::OpenCard => ("card opening", "开卡"),
            Self::EbankingSignup => ("e-banking sign-up", "电子银行签约"),
            Self::ReportLoss => ("loss report", "挂失"),
            Self::LiftLoss => ("lifting a loss report", "解挂"),
            Self::BalanceQuery => ("balance query", "余额查询"),
            Self::HistoryQuery => ("history query", "明细查询"),
            Self::Deposit => ("deposit", "存款"),
            Self::Withdrawal => ("withdrawal", "取款"),
            Self::TransferOwnBank => ("transfer within the bank", "行内转账"),
            Self::TransferOtherBank => ("transfer to another bank", "跨行转账"),
            Self::LogIn => ("log-in", "登录"),
            Self::LogOut => ("log-out", "退出"),
            Self::Alerts => ("alerts", "余额变动提醒"),
            Self::BillPayment => ("bill payment", "生活缴费"),
            Self::WealthView => ("wealth products", "理财查看"),
            Self::Mall => ("mall", "商城"),
            Self::CheckIn => ("sign-in", "签到"),
            Self::Appointment => ("appointment", "预约"),
            Self::LockSetting => ("safety locks", "安全锁设置"),
            Self::LimitSetting => ("payment limits", "支付限额设置"),
            Self::SocialSecurityQuery => ("social-security query", "社保查询"),
            Self::LoanApplication => ("loan application", "贷款申请"),
            Self::WelfareIssue => ("welfare vouchers issued", "福利券发放"),
            Self::SuspiciousQuery => ("suspicious query", "可疑查询"),
            Self::CardWithdrawal => ("withdrawal at another bank's machine", "他行机具取款"),
            Self::PosPurchase => ("purchase at a point of sale", "刷卡消费"),
            Self::CardNotPresentPurchase => ("purchase without the card", "无卡支付"),
        };
        lang.pick(en, zh)
    }
}
