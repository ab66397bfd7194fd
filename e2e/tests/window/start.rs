use anyhow::Result;
use e2e::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn the_window_opens_and_shows_its_title() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    assert_eq!(desk.page().title().await?, "Frontdesk");
    assert_eq!(desk.find_by_role("heading", "Frontdesk").await?.text().await?, "Frontdesk");
    desk.screenshot("start").await?;
    desk.close().await?;
    Ok(())
}
