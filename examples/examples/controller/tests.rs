use setpoint::Objects;
use setpoint::env::Simulation;
use setpoint::store::request::DeleteOptions;

use super::*;

struct World {
    greetings: Objects<Greeting>,
    maps: Objects<ConfigMap>,
}

/// Runs a test on virtual time, with the controller at work.
fn with_world<F: Future<Output = Result<()>>>(test: impl FnOnce(World) -> F) {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let plane = start(&env).await?;
        test(World { greetings: plane.objects("default")?, maps: plane.objects("default")? }).await?;
        plane.shut_down().await;
        Ok::<_, Error>(())
    });
    done.expect("nothing waits for ever").expect("the test passes");
}

fn greeting(name: &str) -> Greeting {
    Greeting::new("a", GreetingSpec { name: name.to_owned() })
}

fn says(map: &ConfigMap, text: &str) -> bool {
    map.data.as_ref().is_some_and(|data| data["text"] == text)
}

#[test]
fn a_greeting_gets_its_text() {
    with_world(|World { greetings, maps }| async move {
        greetings.create(greeting("World")).await?;
        maps.wait_for("a", |map| map.is_some_and(|map| says(map, "Hello, World!"))).await?;
        let said = |one: Option<&Greeting>| {
            one.and_then(|one| one.status.clone()).is_some_and(|s| s.text == "Hello, World!")
        };
        greetings.wait_for("a", said).await?;
        Ok(())
    });
}

#[test]
fn a_changed_or_missing_text_is_put_right() {
    with_world(|World { greetings, maps }| async move {
        greetings.create(greeting("World")).await?;
        maps.wait_for("a", |map| map.is_some()).await?;
        maps.delete("a", DeleteOptions::default()).await?;
        let map = maps.wait_for("a", |map| map.is_some()).await?;
        let mut map = ConfigMap::clone(&map.expect("it was waited for"));
        map.data = Some([("text".to_owned(), "Go away".to_owned())].into());
        maps.replace(map).await?;
        maps.wait_for("a", |map| map.is_some_and(|map| says(map, "Hello, World!"))).await?;
        Ok(())
    });
}

#[test]
fn the_text_goes_with_the_greeting() {
    with_world(|World { greetings, maps }| async move {
        greetings.create(greeting("World")).await?;
        maps.wait_for("a", |map| map.is_some()).await?;
        greetings.delete("a", DeleteOptions::default()).await?;
        maps.wait_for("a", |map| map.is_none()).await?;
        Ok(())
    });
}
