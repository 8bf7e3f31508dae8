//! Every sentence and heading of the reports, English beside Chinese.

use scenarios::language::Lang;

macro_rules! texts {
    ($($name:ident = $en:literal, $zh:literal;)*) => {
        /// A text of the reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Text { $($name),* }

        impl Text {
            /// Every text, for the test that no page is half translated.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// In a language.
            pub(crate) fn say(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$name, Lang::En) => $en, (Self::$name, Lang::Zh) => $zh,)*
                }
            }
        }
    };
}

texts! {
    // Verdicts.
    Pass = "pass", "通过";
    Fail = "fail", "未通过";
    Undecided = "undecided", "未定";
    Invalid = "invalid", "无效";
    HeadPass = "Every gate passed", "全部判据通过";
    HeadPromiseKept = "The service promise is kept", "服务承诺兑现";
    HeadPromiseBroken = "The service promise is broken", "服务承诺未兑现";
    HeadFail = "A gate failed", "有判据未通过";
    HeadLost = "The bank did not reconcile", "核心系统对账不符";
    HeadUndecided = "Not decided yet", "尚不能判定";
    HeadInvalid = "The run could not measure", "本次运行无法测得结果";
    HeadPartial = "Interrupted: partial results", "运行中断：仅有部分结果";
    HeadNoGates = "No gate was asked for", "未设判据";
    WhyShare = "Asked: {asks}. Found: {found}.", "要求：{asks}。结果：{found}。";
    WhyOther = "Asked: {asks}. Found: {found}, 95% confidence interval in brackets where there is one.", "要求：{asks}。结果：{found}（括号内为 95% 置信区间，如有）。";
    WhyPartial = "The run was stopped before its end. What stands below is true of what ran until then, but it is not all, and there is no verdict.", "运行在完成之前被中止。下列数据仅反映中止前已运行的部分，并不完整，因此不作判定。";
    WhyInvalid = "Something that a gate looks at could not be measured. So there is no verdict, neither pass nor fail: do not decide by this run, but repeat it.", "判据所需的某项数据未能测得，因此不作判定：既不算通过，也不算未通过。请勿据此决策，应重新运行。";
    WhyUnjudged = "Not judged: {gate}, because {reason}.", "未能判定：{gate}。{reason}";
    WhyLost = "After the load the bank’s books do not agree with what it acknowledged: {found}. Until that is explained, no other figure of this run matters.", "压测之后，核心系统账目与其已确认的操作不一致：{found}。在查明原因之前，本次运行的其他指标均无意义。";
    WhyGates = "Did not pass: {gates}.", "未通过的判据：{gates}。";
    ExitCode = "exit code {code}", "退出码 {code}";
    Exit0 = "everything ran and every gate passed", "全部运行完成，全部判据通过";
    Exit0NoGates = "everything ran; there was nothing to judge", "全部运行完成，没有需要判定的内容";
    Exit1 = "something else went wrong", "发生其他故障";
    Exit2 = "wrong usage or a wrong input", "用法或输入有误";
    Exit3 = "a gate failed", "有判据未通过";
    Exit4 = "the run could not decide", "本次运行无法判定";
    Exit5 = "an acknowledged operation was lost, doubled or over a limit", "已确认的操作丢失、重复或超限";
    Exit130 = "interrupted", "被中断";
    Warnings = "Worth knowing", "提示";
    // Gates.
    Gates = "Gates", "判据";
    GatesIntro = "What had to hold, and whether it did: what did not pass comes first.", "须满足的要求及其结果，未通过者在前。";
    GatesPartial = "Judged by what there was when the run was stopped: not a verdict.", "仅按中止时已有的数据判断，不构成判定。";
    Gate = "gate", "判据";
    Verdict = "verdict", "判定";
    Estimate = "found", "结果";
    Bound = "asked", "要求";
    Reason = "why", "原因";
    GatePromise = "service promise", "服务承诺";
    GateNothingLost = "nothing lost", "无丢失";
    GateLimit = "limit found", "已找到上限";
    AsksLimit = "the highest rate at which the gates hold is found", "找到判据仍成立的最高速率";
    GateRegression = "no regression", "无性能回退";
    AsksRegression = "no figure of the target is worse than its baseline’s", "被测系统的各项指标均不劣于基线";
    ReasonRegressionPass = "after {pairs} pairs of runs every figure is surely less than its margin worse", "运行 {pairs} 对后，可确信各项指标的劣化均小于容许幅度。";
    ReasonRegressionFail = "after {pairs} pairs of runs surely worse: {figures}", "运行 {pairs} 对后，可确信以下指标变差：{figures}。";
    ReasonRegressionUndecided = "after {pairs} pairs of runs still undecided: {figures}; play longer runs or more pairs", "运行 {pairs} 对后仍无定论：{figures}；请延长每次运行或增加对数。";
    ReasonRegressionFew = "{pairs} pairs of runs say nothing yet; single runs differ too much", "仅 {pairs} 对运行尚不足以判断：单次运行之间的差别过大。";
    ReasonRegressionInvalid = "some of the runs could not measure; play them again", "其中有运行未能有效测量，请重新运行。";
    GateGenerator = "generator kept up", "发压端跟上计划";
    AsksNothingLost = "every acknowledged operation is in the bank exactly once, and the ledger sums to zero", "每笔已确认的操作在核心系统中恰好出现一次，总账合计为零";
    AsksGenerator = "the load generator sent every operation when it was due", "发压端按计划时刻发出每笔操作";
    GateShareWithin = "share with {figure} of at most {threshold}", "{figure}不超过 {threshold}的比例";
    GateMean = "mean {figure}", "平均{figure}";
    GateSd = "standard deviation of {figure}", "{figure}的标准差";
    GateMin = "least {figure}", "最小{figure}";
    GateMax = "greatest {figure}", "最大{figure}";
    GateCount = "count of {figure}", "{figure}的个数";
    GateBare = "{figure}", "{figure}";
    GateQuantile = "{quantile}th percentile of {figure}", "{figure}的 {quantile} 分位数";
    AtLeast = "at least {bound}", "不低于 {bound}";
    Above = "above {bound}", "高于 {bound}";
    AtMost = "at most {bound}", "不超过 {bound}";
    Below = "below {bound}", "低于 {bound}";
    Exactly = "exactly {bound}", "等于 {bound}";
    ReasonNothingLost = "everything acknowledged is there once", "已确认的操作都在核心系统中恰好出现一次。";
    ReasonKeptUp = "every operation was sent when it was due", "每笔操作都按计划时刻发出。";
    ReasonNotReconciled = "the books were not read after the load", "压测之后未能读取核心系统账目。";
    ReasonLagged = "the load generator did not keep up: {estimate}", "发压端未能按计划时刻发出操作：{estimate}。";
    FoundOnceEach = "{all} operations, once each", "{all} 笔操作各出现一次";
    FoundSomeOnce = "{found} of {all} operations once each", "{all} 笔操作中 {found} 笔各出现一次";
    FoundLag = "lag {lag} (p99)", "滞后 {lag}（p99）";
    FoundLagAtMost = "lag at most {lag}", "滞后至多 {lag}";
    BoundNothingLost = "all, once each", "全部各一次";
    BoundGenerator = "on time", "按时";
    ReasonBroken = "does not hold; see the reconciliation and the load below", "不成立，详见下文对账与压测。";
    ReasonPassInterval = "the whole 95% confidence interval meets what was asked", "整个 95% 置信区间满足要求（{bound}）。";
    ReasonPassPoint = "meets what was asked", "满足要求（{bound}）。";
    ReasonFailInterval = "the whole 95% confidence interval misses what was asked", "整个 95% 置信区间未达到要求（{bound}）。";
    ReasonFailPoint = "misses what was asked", "未达到要求（{bound}）。";
    ReasonUndecided = "the 95% confidence interval straddles the bound: more replications decide it", "95% 置信区间跨越界限（{bound}），需增加重复次数。";
    ReasonInvalid = "there was nothing to judge by", "没有可供判定的数据。";
    // Tiles.
    TileShare = "within {threshold}", "{threshold}内达标率";
    TileTime = "mean time in branch", "平均逗留时间";
    TileWait = "mean waiting time", "平均等候时间";
    TileLatency = "99th percentile latency", "99分位时延";
    TileCustomers = "customers a day", "每日到达客户";
    SteadyState = "steady state, {hours} h each time", "稳态，每次 {hours} 小时";
    TileCustomersEach = "customers each time", "每次到达客户";
    TileRuns = "{days} replications", "重复 {days} 次";
    TileDays = "{days} simulated days", "模拟 {days} 天";
    EveryCustomer = "all customers", "全部客户";
    EveryOperation = "all operations", "全部操作";
    // The promise.
    Promise = "The promise, interval by interval", "分时段的服务承诺";
    PromiseIntro = "Share of customers ({whom}) whose {figure} is at most {threshold}, by the interval in which they arrived.", "按到达时段统计：客户（{whom}）{figure}不超过 {threshold}的比例。";
    PromiseRead = "How to read this: each dot is the share of the customers who arrived in that interval, its line the 95% confidence interval. Green lies wholly on the good side of the dashed bound, red wholly on the bad side, amber straddles it.", "读图方法：每个圆点是该时段到达客户的达标比例，竖线为 95% 置信区间。绿色表示整个区间满足虚线所示要求，红色表示整个区间未达到，橙色表示跨越界限。";
    PromiseAbsent = "This run has no figures of the promise by interval.", "本次运行没有分时段的承诺数据。";
    Misses = "Why customers missed it", "未达标的原因";
    MissesCount = "{missed} of {customers} customers missed it.", "{customers} 名客户中有 {missed} 名未达标。";
    MissesRead = "How to read this: each customer who missed counts once, under the longest part of the time in branch; under service only when the human service alone took longer than the threshold.", "读图方法：每名未达标客户只计一次，归入其逗留时间中最长的一项；仅当办理时间本身已超过阈值时，才可归入办理时间。";
    MissesNone = "No customer missed it.", "没有客户未达标。";
    Part = "part", "部分";
    Missed = "missed by it", "未达标人数";
    ShareOfMisses = "share of the misses", "占未达标的比例";
    MeanOfMissed = "mean among those who missed", "未达标客户的均值";
    // Outlets of a region.
    Outlets = "Outlets and the promise", "各网点的承诺兑现情况";
    OutletsStanding = "{branches} outlets: {missed} miss the promise, {undecided} undecided, {kept} keep it.", "{branches} 家网点中，{missed} 家未达标，{undecided} 家尚不能判定，{kept} 家达标。";
    OutletsCount = "{branches} outlets", "{branches} 家网点";
    OutletsWithout = "At {without} there was nobody whom it is about.", "另有 {without} 家没有该承诺所涉及的客户。";
    OutletsRanked = "The first {ranked} of the ranking are shown; branches.csv has all of them.", "此处列出排名前 {ranked} 家，全部网点见 branches.csv。";
    OutletsNoPromise = "No gate is named promise, so the outlets are not ranked; branches.csv has each of them.", "未设名为 promise 的判据，故不对网点排名；各网点数据见 branches.csv。";
    OutletsRead = "How to read this: the line is the 95% confidence interval of the outlet’s share, the tick the share that was asked for. The bar under the reason divides the misses by the part that broke them (the colours are those of the charts). What would keep it was tried on the same days with the same customers: one server more of each resource in turn, then two and three more of the one that helped most; the cheapest that keeps the promise is named, by cost where it is known, else the fewest. In a region whose outlets share customers or servers, all outlets that miss it are tried at once.", "读表方法：横线为该网点达标率的 95% 置信区间，竖线为所要求的比例。原因下方的色条按造成未达标的部分划分（颜色与图表一致）。“可行的改进”在同样的日子、同样的客户下试算：先对每类资源各增加一个，再对最有效的一类增加两个、三个；给出能够达标的最低成本方案，成本未知时取增加最少者。若网点之间共享客户或人员，则所有未达标网点同时试算。";
    SortedBy = "sorted by", "排序";
    OrderRanking = "ranking", "排名";
    OrderMissed = "customers who missed", "未达标客户数";
    OrderCustomers = "customers a day of the outlet", "网点每日客户数";
    OrderReason = "main cause", "主因";
    OrderName = "name of the outlet", "网点名称";
    Outlet = "outlet", "网点";
    Kept = "share in time", "达标率";
    OutletCustomers = "customers a day there", "日均客户";
    Servers = "servers", "人员与设备";
    HoursADay = "rostered hours a day", "每日排班小时";
    Fix = "what would keep it", "可行的改进";
    FixKeeps = "{resource} +{more}: {share}", "{resource}增加 {more} 个：{share}";
    FixShort = "not enough with {resource} +{more}: {share}", "仍不足：{resource}增加 {more} 个：{share}";
    FixShorter = " the {part} must be shorter, too", "，还须缩短{part}";
    FixNone = "more servers do not help; the {part} must be shorter", "增加人员与设备无效，须缩短{part}";
    FixMoreDays = "more simulated days decide it", "需增加模拟天数";
    ReasonPart = "{part}, {share} of the misses", "{part}，占未达标的 {share}";
    Headcount = "Headcount and devices", "人员与设备合计";
    HeadcountIntro = "All {branches} outlets together: the most on duty at one time in each, and their rostered hours within opening hours.", "全部 {branches} 家网点合计：各网点同时在岗的最大数量，以及营业时间内的排班小时。";
    SharedByAll = " (shared by all)", "（全辖共用）";
    WorstOutlets = "The outlets furthest from the promise", "距承诺最远的网点";
    // Minutes.
    Minutes = "Where the minutes go", "时间花在哪里";
    MinutesRead = "How to read this: each bar is the mean time in branch of the customers served on a channel; its five parts do not overlap and sum to it.", "读图方法：每条为该渠道已办理客户的平均逗留时间，五个部分互不重叠，合计即逗留时间。";
    AllChannels = "all channels", "全部渠道";
    Customers = "customers", "客户数";
    MinuteUnit = "min", "分钟";
    // The day.
    Waiting = "Waiting", "等候";
    WaitingRead = "How to read this: mean waiting time of the customers by the interval in which they arrived (not when they were called), with 95% confidence intervals. Waiting counts from the ticket to the start of service.", "读图方法：按到达时段（而非叫号时段）统计的平均等候时间，竖线为 95% 置信区间。等候时间自取号起至开始办理止。";
    Queue = "People waiting", "等候人数";
    QueueRead = "How to read this: mean number of people waiting during each interval of the clock, with 95% confidence intervals.", "读图方法：各时钟时段内的平均等候人数，竖线为 95% 置信区间。";
    QueueTotalRead = "How to read this: mean number of people waiting over the whole time, with 95% confidence intervals. This run has no rows by interval.", "读图方法：整个时段的平均等候人数，细线为 95% 置信区间。本次运行没有分时段数据。";
    Occupancy = "Occupancy", "占用率";
    OccupancyRead = "How to read this: share of the rostered time in which the resource was held by a customer; the thin line is the 95% confidence interval.", "读图方法：资源在排班时间内被客户占用的比例，细线为 95% 置信区间。";
    OccupancyDayRead = "How to read this: the same share in each interval of the clock.", "读图方法：同一比例，按时钟时段统计。";
    Arrivals = "Arrivals", "到达";
    ArrivalsRead = "How to read this: mean number of customers who arrive in each interval of a day; the thin line is the 95% confidence interval.", "读图方法：一天中各时段的平均到达客户数，细线为 95% 置信区间。";
    TheBranch = "branch", "网点";
    IntervalWord = "interval", "时段";
    // Effect of the bank.
    Effect = "What the bank does to the customers’ minutes", "核心系统对客户时间的影响";
    EffectLead = "With the measured latency the mean time in branch of all customers changes by {difference} (95% confidence interval {range}), to {second}.", "代入实测时延后，全部客户的平均逗留时间变化 {difference}（95% 置信区间 {range}），为 {second}。";
    MoreDifferences = "{count} more differences", "其余 {count} 项差值";
    MoreInPage = "{count} more differences: --html FILE draws them, --json prints them.", "其余 {count} 项差值：用 --html 文件 绘制，或用 --json 输出。";
    Imperceptible = "below 0.05 ms", "不足 0.05 毫秒";
    ImperceptibleShare = "below 0.001 points", "不足 0.001 个百分点";
    NoPoints = "0 points", "0 个百分点";
    NoMilliseconds = "0 ms", "0 毫秒";
    EffectIntro = "The same days with the same customers, simulated twice: first with a bank that answers at once, then with the latency measured in the load.", "同样的日子、同样的客户模拟两次：先假定核心系统即时应答，再代入压测得到的时延。";
    Population = "customers", "客户";
    Figure = "figure", "指标";
    EffectIntroAssumed = "The same days with the same customers, simulated twice: first with the latencies that the scenario assumes ({operations}; every other operation answers at once), then with the latency measured in the load. So the differences are measured less assumed, not measured less nothing.", "同样的日子、同样的客户模拟两次：先代入情景假设的时延（{operations}；其余操作即时应答），再代入压测得到的时延。因此差值为实测减假设，而非实测减零。";
    Without = "bank answers at once", "即时应答";
    WithAssumed = "assumed latency", "假设时延";
    With = "measured latency", "实测时延";
    Difference = "difference", "差值";
    IntervalHeading = "95% confidence interval", "95% 置信区间";
    EffectRead = "How to read this: a difference whose confidence interval contains zero is no difference that these days can show. Days are paired by common random numbers.", "读表方法：置信区间包含零的差值，在这些天数下不能视为有差异。两次模拟以公共随机数配对。";
    EffectUnpaired = "Some of these days are not paired: their intervals are wider.", "其中部分日子未能配对，其区间较宽。";
    ShareWithin = "{figure} within {threshold}", "{figure}不超过 {threshold}的比例";
    MeanOf = "mean {figure}", "平均{figure}";
    Points = " points", " 个百分点";
    // Load.
    Load = "The load on the core banking system", "核心系统压测";
    LoadOnSystem = "The load on {system}", "对 {system} 的压测";
    LoadIntro = "Operations of {from} to {to}, played openly at {speed} × speed and {volume} × volume: each operation at its time, whether or not the bank had answered. {seconds} of real time, at most {connections} connections. Offered load {offered}, achieved rate {achieved}, of it {succeeded} as it should be.", "回放 {from} 至 {to} 的操作，速度 {speed} 倍、数量 {volume} 倍，开放式发压：到点即发，不等待核心系统应答。实际用时 {seconds}，最多 {connections} 个连接。压测负载 {offered}，实际吞吐 {achieved}，其中成功 {succeeded}。";
    LoadIntroClosed = "Operations of {from} to {to}, {connections} users at {speed} × speed, each beginning a session when the last one was over: a system that slows down is asked less. {seconds} of real time. Offered load {offered}, achieved rate {achieved}, of it {succeeded} as it should be.", "{from} 至 {to} 的操作，{connections} 个用户、速度 {speed} 倍，每个用户在上一会话结束后才开始下一会话：系统变慢时请求也随之变少。实际用时 {seconds}。压测负载 {offered}，实际吞吐 {achieved}，其中成功 {succeeded}。";
    LoadModel = "Load model: {model}, HTTP/{http}. Latencies measured in different models (open, capped open, closed) cannot be compared with each other.", "负载模型：{model}，HTTP/{http}。不同负载模型（开放、限连接开放、封闭）下测得的时延不可相互比较。";
    ModelOpen = "open (arrivals by plan, connections as needed)", "开放（按计划到达，连接按需增加）";
    ModelCappedOpen = "capped open (arrivals by plan, connections bounded)", "限连接开放（按计划到达，连接数有上限）";
    ModelClosed = "closed (a fixed number of users)", "封闭（用户数固定）";
    CountLine = "{planned} planned = {succeeded} succeeded + {refused} refused + {failed} failed + {timed_out} timed out + {not_sent} not sent + {unknown} unknown", "计划 {planned} = 成功 {succeeded} + 按规则拒绝 {refused} + 失败 {failed} + 超时 {timed_out} + 未发出 {not_sent} + 结果未知 {unknown}";
    Limit = "Latency against load", "时延与负载";
    LimitFound = "The gates hold up to {rate}. At {failed} one does not: {gate}.", "判据在 {rate} 以内均成立；到 {failed} 时不再成立：{gate}。";
    LimitAtLeast = "The gates hold at {rate}, the highest rate that could be judged: beyond it the generator or the search was at its end, not the target. The limit is at least that.", "判据在 {rate} 时成立，这是能够判定的最高速率：再往上到头的是发压端或搜索范围，而非被测系统。上限至少如此。";
    LimitNone = "The gates hold at no rate that was tried.", "所试的各速率下判据均不成立。";
    LimitRead = "How to read this: every rate that was tried, with the latency it had, on a logarithmic scale. Where the curve turns upwards the target begins to queue.", "读图方法：所试的每个速率及其时延，纵轴为对数刻度。曲线上扬之处，即被测系统开始排队之处。";
    LimitAxis = "latency, by operations a second offered", "时延（横轴为每秒负载）";
    Regression = "Target and baseline", "被测系统与基线";
    RegressionIntro = "{target} beside its baseline {baseline}: {pairs} pairs of runs, one after the other. The run is what is compared, not the request.", "{target} 与基线 {baseline} 比较：先后运行 {pairs} 对。比较的单位是一次运行，而非一个请求。";
    RegressionVerdict = "Verdict: {verdict}; {reason}.", "结论：{verdict}。{reason}";
    RegressionFound = "regression", "性能回退";
    RegressionNone = "no regression", "无性能回退";
    RegressionOpen = "inconclusive", "尚无定论";
    RegressionWatched = "not waited for", "仅供报警";
    RegressionRead = "How to read this: worse by 10% means a tenth more time for the same (of throughput: that the baseline does a tenth more), in brackets the 95% confidence interval over the pairs. A figure regresses when it is surely worse and by at least half of its margin; it passes when it is surely worse by less than the margin. Of equal builds at most one comparison in twenty may alarm, all figures and looks together.", "读表方法：变差 10% 即完成同样的工作多用十分之一的时间（吞吐则为基线多完成十分之一），括号内为按对计算的 95% 置信区间。可确信变差且幅度达到容许幅度的一半，即为回退；可确信变差不足容许幅度，即为通过。若两侧完全相同，所有指标与各次查看合计，误报至多二十分之一。";
    RegressionRepeated = "{count} pairs were played again because the load generator had not kept up.", "因发压端未跟上计划，有 {count} 对重新运行。";
    Baseline = "baseline", "基线";
    TargetSide = "target", "被测系统";
    WorseBy = "worse by", "变差";
    Margin = "margin", "容许幅度";
    RateOverTime = "Rates over time", "吞吐随时间的变化";
    RateOverTimeRead = "How to read this: operations a second. Offered counts when they were to start; achieved and succeeded count when their answers came. Where achieved stays below offered, the target falls behind.", "读图方法：每秒操作数。负载按应开始的时刻计；吞吐与成功按应答到达的时刻计。吞吐低于负载之处，即被测系统跟不上之处。";
    RateAxis = "operations a second, by second of the load", "每秒操作数（横轴为压测开始后的秒数）";
    Offered = "offered", "负载";
    Achieved = "achieved", "吞吐";
    Accounts = "Every planned operation is accounted for", "每笔计划操作都有去向";
    Planned = "planned", "计划";
    Succeeded = "succeeded", "成功";
    Refused = "refused by an allowed rule", "按允许的规则拒绝";
    Failed = "failed", "失败";
    TimedOut = "timed out", "超时";
    NotSent = "not sent", "未发出";
    Unknown = "fate unknown", "结果未知";
    SumHolds = "{planned} planned = the sum of the others.", "计划 {planned} 笔 = 其余各项之和。";
    SumBroken = "{planned} planned, but the others sum to {sum}.", "计划 {planned} 笔，但其余各项合计 {sum} 笔。";
    LatencyTable = "Latency by operation", "各操作的时延";
    LatencyRead = "How to read this: latency counts from the moment an operation was due, so a bank that stalls cannot hide it. A percentile is shown where at least ten samples lie beyond it.", "读表方法：时延自操作应发出的时刻起计，因此核心系统的停顿无法被掩盖。某分位以外至少有十个样本时才显示该分位。";
    NotEnough = "n/a ({count} samples)", "不适用（{count} 个样本）";
    Operation = "operation", "操作";
    Operations = "operations", "操作数";
    Greatest = "greatest", "最大";
    LatencyOverTime = "Latency over time", "时延随时间的变化";
    LatencyOverTimeRead = "How to read this: each second of the load, on a logarithmic scale: a step up by one line is ten times slower. Gaps are seconds with too few operations for that percentile.", "读图方法：压测的每一秒，纵轴为对数刻度：每升高一格即慢十倍。断开处是操作数不足以给出该分位的秒。";
    SecondsAxis = "latency, by second of the load", "时延（横轴为压测开始后的秒数）";
    PerInterval = "customers per interval", "每时段客户数";
    MeanPeople = "mean number of people waiting", "平均等候人数";
    Second = "second", "秒";
    Median = "median", "中位数";
    Quantile99 = "99th percentile", "99分位";
    Errors = "error rate", "错误率";
    Lag = "Generator lag", "发压端滞后";
    LagRead = "How to read this: how late the generator itself sent an operation. Where this is not small beside the latency, the latency is not the bank’s alone.", "读表方法：发压端自身发出操作的滞后。若与时延相比并不小，则时延不全由核心系统造成。";
    ValidLoad = "Valid: the generator kept up, so the latency is the bank’s own.", "有效：发压端跟上计划，所测时延属于核心系统。";
    InvalidLoad = "Not valid: the generator did not keep up ({reason}). The latency is not the bank’s alone, and no gate on it can pass.", "无效：发压端未跟上计划（{reason}）。所测时延不全由核心系统造成，相关判据不能通过。";
    LeftOut = "Left out of the mobile mix, because the bank does not offer it yet (the rest was renormalised): {operations}.", "核心系统尚未提供，故未计入手机银行业务组合（其余已重新归一）：{operations}。";
    Failures = "Failures, most frequent first", "失败原因，由多到少";
    What = "what", "内容";
    HowOften = "how often", "次数";
    // Reconciliation.
    Reconciliation = "Reconciliation", "对账";
    Reconciled = "Reconciled: nothing was lost, doubled, invented or unbalanced.", "对账相符：没有丢失、重复、凭空出现或不平。";
    NotReconciled = "Not reconciled: what the bank holds is not what it acknowledged.", "对账不符：核心系统所存与其确认的不一致。";
    Acknowledged = "acknowledged", "已确认";
    FoundOnce = "found exactly once", "恰好出现一次";
    UnknownFound = "of unknown fate, found", "结果未知而找到";
    LedgerSum = "sum of the ledger", "总账合计";
    Yuan = "yuan", "元";
    Kind = "kind", "类别";
    Key = "key", "键";
    Missing = "missing", "丢失";
    Doubled = "doubled", "重复";
    Different = "different", "不一致";
    Unplanned = "unplanned", "计划之外";
    Ledger = "ledger", "总账";
    Accepted = "accepted against a rule", "违规放行";
    LimitExceeded = "limit exceeded", "超出限额";
    AgainstLock = "used against a lock", "违反安全锁";
    WrongReason = "refused for a wrong reason", "拒绝理由不符";
    Torn = "torn", "记账不完整";
    Rounded = "a fen lost", "分位差错";
    Oversold = "oversold", "超发";
    AlertWrong = "alert", "提醒";
    SmallestCounterexample = "The smallest counterexample", "最小反例";
    AsPlayed = "as it was played", "压测所发";
    InTheBooks = "in the bank’s books", "核心系统账目";
    ReconciliationAbsent = "The load was not reconciled.", "本次压测未对账。";
    // Tables.
    Figures = "Figures", "指标";
    FiguresIntro = "Means with their 95% confidence intervals in brackets; percentiles of all customers of all days together.", "均值，括号内为 95% 置信区间；分位数取全部日子的全部客户合并计算。";
    FiguresNone = "This run has no figures.", "本次运行没有指标。";
    Total = "Everyone", "全部客户";
    ByChannel = "By channel", "按渠道";
    BySegment = "By customer segment", "按客户群";
    ByService = "By service", "按业务";
    ByResource = "By resource", "按资源";
    Mean = "mean", "均值";
    Count = "count", "个数";
    Within = "within {threshold}", "{threshold}内比例";
    // Assumptions, method, run.
    Assumptions = "Assumptions", "假设";
    AssumptionsIntro = "Where the scenario’s numbers come from: {sourced} sourced, {derived} derived, {assumed} assumed.", "情景中数值的来源：{sourced} 项有出处，{derived} 项为推算，{assumed} 项为假定。";
    AssumptionsNone = "The scenario states no assumptions.", "该情景未写明假设。";
    About = "about", "对象";
    Value = "value", "数值";
    Because = "source or reason", "出处或理由";
    Mark = "mark", "标记";
    Sourced = "sourced", "有出处";
    Derived = "derived", "推算";
    Assumed = "assumed", "假定";
    Method = "How the figures are made", "指标口径";
    MethodWaitTerm = "Waiting time", "等候时间";
    MethodWait = "from the ticket to the start of the first service.", "自取号起，至首次开始办理止。";
    MethodPartsTerm = "Five parts", "五个部分";
    MethodParts = "time in branch is waiting time, service time (human work), on-site review with its queue, system time (operations of the bank) and fallback to counter (all that follows a failed step); they sum to it.", "逗留时间由等候时间、办理时间（人工）、现场审核（含其排队）、系统时间（核心系统操作）和转人工（失败步骤之后的一切）构成，合计即逗留时间。";
    MethodPopulationTerm = "Who counts", "统计对象";
    MethodFallback = "customers who fall back stay in the channel that failed them; ", "转人工的客户仍计入其原渠道；";
    MethodPopulation = "customers who fall back stay in the channel that failed them; customers who abandoned count as misses where they had waited longer than the threshold, and are left out otherwise.", "转人工的客户仍计入其原渠道；中途离开的客户，若等候已超过阈值则计为未达标，否则不计。";
    MethodInclusiveTerm = "Within a threshold", "阈值";
    MethodInclusive = "includes the threshold itself: 5 min means at most 300 s.", "包含阈值本身：5 分钟即不超过 300 秒。";
    MethodIntervalsTerm = "By interval", "时段";
    MethodIntervals = "customers by the interval of their arrival; people waiting and occupancy by the clock.", "客户按到达时段统计；等候人数与占用率按时钟时段统计。";
    MethodConfidenceTerm = "Confidence intervals", "置信区间";
    MethodConfidence = "95%, over simulated days, because customers of one day depend on one another; ratios by a ratio estimator over days, percentiles by resampling days.", "95%，以模拟日为单位，因为同一天的客户相互影响；比率用按日的比率估计，分位数用按日重抽样。";
    MethodPercentilesTerm = "Percentiles", "分位数";
    MethodPercentiles = "of all customers of all days pooled, not means of daily percentiles; a dash where fewer than ten observations lie beyond.", "取全部日子全部客户合并后的分位数，而非各日分位数的平均；其外不足十个观测时以横线表示。";
    MethodClosingTerm = "Closing", "打烊";
    MethodClosing = "doors shut at closing time, everyone inside is served, and the time after it is overtime.", "到点关门，店内客户全部办完，其后的时间计为加班时间。";
    MethodLatencyTerm = "Latency", "时延";
    MethodLatency = "from the intended start of an operation to its answer, so that no coordinated omission flatters the bank.", "自操作计划发出的时刻起至收到应答止，避免协同遗漏美化结果。";
    Run = "The run", "运行记录";
    Scenario = "scenario", "情景";
    DateWord = "day", "日期";
    Seed = "seed", "随机种子";
    Replications = "replications", "重复次数";
    Hash = "hash of the scenario as run", "所运行情景的哈希";
    Version = "Branchlab version", "Branchlab 版本";
    Started = "started", "开始时间";
    Threads = "threads", "线程数";
    Host = "host", "主机";
    Phases = "time by phase", "各阶段用时";
    BankData = "data of the bank", "核心系统数据";
    Command = "command", "命令";
    CommandRun = "whole run", "完整运行";
    CommandSimulate = "simulation alone", "仅模拟";
    CommandLoad = "load alone", "仅压测";
    // Page.
    ReportTitle = "Branchlab report", "Branchlab 报告";
    NumbersOfChart = "The numbers of this chart", "图中数据";
    ChartAlt = "Chart: {title}", "图：{title}";
    Footer = "Drawn by Branchlab {version}. Figures, intervals and verdicts stand in summary.json.", "由 Branchlab {version} 绘制。指标、区间与判定见 summary.json。";
    // Comparison.
    ComparisonTitle = "What-if comparison", "假设分析对比";
    ComparisonHead = "From {first} to {second}", "从 {first} 到 {second}";
    Better = "{population}: {figure} improves from {first} to {second}.", "{population}：{figure}由 {first}改善为 {second}。";
    Worse = "{population}: {figure} worsens from {first} to {second}.", "{population}：{figure}由 {first}变差为 {second}。";
    NoChange = "{population}: no difference in {figure} can be shown ({first} and {second}).", "{population}：{figure}看不出差异（{first} 与 {second}）。";
    NumberAbandoned = "number who abandoned", "中途离开人数";
    Before = "before", "之前";
    After = "after", "之后";
    Differences = "Differences", "差值";
    DifferencesRead = "How to read this: the second run minus the first, with a 95% confidence interval; an interval that contains zero shows no difference.", "读表方法：第二次运行减第一次运行，附 95% 置信区间；区间包含零即看不出差异。";
    DifferencesNone = "The two runs have no figure in common that could be compared.", "两次运行没有可比较的共同指标。";
}

/// Puts values into a text's `{places}`, in one pass: a value is never read as a
/// text again.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((place, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let value = values.iter().find(|(name, _)| *name == place);
        out.push_str(value.map_or("", |(_, value)| value));
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_the_same_places_in_both_languages() {
        for text in Text::ALL {
            let places = |lang| {
                let mut places: Vec<&str> = text
                    .say(lang)
                    .split('{')
                    .skip(1)
                    .filter_map(|part| part.split('}').next())
                    .collect();
                places.sort_unstable();
                places
            };
            let english = places(Lang::En);
            assert!(
                places(Lang::Zh)
                    .iter()
                    .all(|place| english.contains(place) || *place == "bound"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn every_chinese_text_holds_a_chinese_character() {
        for text in Text::ALL {
            let chinese = text.say(Lang::Zh);
            let is_chinese = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
            assert!(
                chinese.contains(is_chinese) || chinese == "{figure}",
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_value_that_looks_like_a_place_is_left_as_it_is() {
        assert_eq!(
            fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]),
            "{b} and x"
        );
    }
}
