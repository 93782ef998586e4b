use setpoint_sim::{Summary, Sweep, View, suite, trace_of};

#[test]
fn probe() {
    for scenario in suite::scenarios() {
        for view in [View::Informers, View::Direct] {
            match scenario.sweep(Sweep { view, stride: 3 }) {
                Ok(summary) => println!("{} {view:?}: {summary:?}", scenario.name()),
                Err(failure) => println!("{} {view:?}: {failure}", scenario.name()),
            }
        }
        for seed in 0..60 {
            let mut summary = Summary::default();
            if let Err(v) = scenario.try_seed(seed, &mut summary) {
                println!("{} seed {seed}: {v:?}", scenario.name());
            }
        }
        println!("{:x} {:x}", trace_of(&scenario, 1), trace_of(&scenario, 1));
    }
}
