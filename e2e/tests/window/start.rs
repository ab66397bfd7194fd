use anyhow::Result;
use e2e::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn the_window_opens_and_shows_its_title() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    assert_eq!(desk.page().title().await?, "Frontdesk");
    desk.screenshot("start").await?;
    desk.close()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_opens_again_after_it_was_closed_and_after_a_crash() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let desk = desk.restart().await?;
    let data = desk.crash()?;
    let desk = Desk::open_with(data, e2e::Setup::default()).await?;
    assert!(desk.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_run_side_by_side() -> Result<()> {
    let Some(one) = Desk::open().await? else { return Ok(()) };
    let Some(other) = Desk::open().await? else { return Ok(()) };
    assert_eq!(one.page().windows().await?.len(), 1);
    assert_eq!(other.page().windows().await?.len(), 1);
    Ok(())
}
