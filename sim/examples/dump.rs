fn main() {
    for arg in std::env::args().skip(1) {
        let s = scenarios::file::read(std::path::Path::new(&arg), &[]).unwrap();
        let mut o = sim::Options::of(&s);
        o.replications = o.replications.min(300);
        o.threads = 2;
        let r = sim::simulate(&s, &o, &()).unwrap();
        println!("{arg} {} {}", r.customers, r.replications);
        for row in &r.figures.rows { println!("{row:?}"); }
        println!("{:?}", r.misses);
        println!("{:?}", r.minutes);
        println!("{}", sim::to_csv(&r.days));
    }
}
