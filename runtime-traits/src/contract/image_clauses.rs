use super::Bench;
use crate::{ImageMode, PullRequest};

/// RUNTIME-09: a success without an image, no error.
pub async fn an_absent_image_is_none(bench: &Bench) {
    if bench.can().images == ImageMode::None {
        return;
    }
    let image = bench.images().image_status(&bench.absent_image).await.expect("absence is no error");
    assert_eq!(image, None);
}

/// RUNTIME-09: the answer names what status and list show.
pub async fn a_pulled_image_is_there(bench: &Bench) {
    let id = bench.images().pull_image(PullRequest::new(&bench.image)).await.expect("pulled");
    let again = bench.images().pull_image(PullRequest::new(&bench.image)).await.expect("pulled again");
    assert_eq!(id, again);
    let image = bench.images().image_status(&bench.image).await.expect("a status").expect("it is there");
    assert_eq!(image.id, id);
    let listed = bench.images().list_images().await.expect("a list");
    assert_eq!(listed.iter().filter(|image| image.id == id).count(), 1, "{listed:?}");
}

/// AGENT-30.
pub async fn what_cannot_be_pulled_says_so(bench: &Bench) {
    if bench.can().images == ImageMode::None {
        return;
    }
    let error = bench.images().pull_image(PullRequest::new(&bench.absent_image)).await;
    let error = error.expect_err("it cannot be had");
    assert_eq!(error.kind, crate::ErrorKind::ImagePull, "{error}");
    assert!(error.message.contains(bench.absent_image.as_str()), "{error}");
    let image = bench.images().image_status(&bench.absent_image).await.expect("a status");
    assert_eq!(image, None);
}

/// RUNTIME-09, RUNTIME-05.
pub async fn removing_an_image_drops_all_its_names(bench: &Bench) {
    if bench.can().images == ImageMode::None {
        return;
    }
    let id = bench.images().pull_image(PullRequest::new(&bench.image)).await.expect("pulled");
    let alias = bench.images().pull_image(PullRequest::new(&bench.image_alias)).await.expect("pulled");
    assert_eq!(id, alias, "the bench's two names lead to one image");
    for _ in 0..2 {
        bench.images().remove_image(&bench.image).await.expect("removed");
    }
    for name in [&bench.image, &bench.image_alias] {
        let image = bench.images().image_status(name).await.expect("a status");
        assert_eq!(image, None, "{name}");
    }
    bench.images().remove_image(&bench.absent_image).await.expect("absent is removed");
    let back = bench.images().pull_image(PullRequest::new(&bench.image)).await.expect("pulled again");
    assert_eq!(back, id);
}
