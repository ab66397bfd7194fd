//! The server's command line.

use sqlx::postgres::PgPool;
use std::process::ExitCode;
use sync_server::config::{Cli, Clinic, Command, Connection, Device};
use sync_server::devices::admin;
use sync_server::{SetupError, database, serve};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match Cli::read() {
        Ok(cli) => run(cli.command).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = format!("sync-server: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                message = format!("{message}: {cause}");
                source = cause.source();
            }
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn owner(connection: &Connection) -> Result<PgPool, SetupError> {
    Ok(PgPool::connect_with(connection.options()?).await?)
}

async fn run(command: Command) -> Result<(), SetupError> {
    match command {
        Command::Serve(options) => {
            let running = serve::start(options.settings()?).await?;
            println!("serving on {}", running.url());
            if let Some(url) = running.metrics_url() {
                println!("metrics on {url}");
            }
            running.until_asked().await
        }
        Command::Migrate(connection) => {
            database::MIGRATIONS.run(&owner(&connection).await?).await?;
            println!("The schema is up to date.");
            Ok(())
        }
        Command::NewEpoch(connection) => {
            let clinics = admin::new_epoch(&owner(&connection).await?).await?;
            println!("{clinics} clinics begin a new epoch; their devices tell what the backup lacks.");
            Ok(())
        }
        Command::Clinic(Clinic::Create { name, connection }) => {
            let pool = owner(&connection).await?;
            let clinic = admin::create_clinic(&pool, &name).await?;
            println!("clinic {clinic}\ncode   {}", admin::invite(&pool, clinic).await?);
            Ok(())
        }
        Command::Clinic(Clinic::List(connection)) => {
            for clinic in admin::list_clinics(&owner(&connection).await?).await? {
                println!("{}  {:>3} devices  {}", clinic.id, clinic.devices, clinic.name);
            }
            Ok(())
        }
        Command::Device(Device::Invite { clinic, connection }) => {
            println!("{}", admin::invite(&owner(&connection).await?, clinic).await?);
            Ok(())
        }
        Command::Device(Device::List { clinic, connection }) => {
            for device in admin::list(&owner(&connection).await?, clinic).await? {
                let standing = if device.revoked_at.is_some() { "shut out" } else { "paired" };
                let contact = device.last_contact.format("%F %T UTC");
                println!("{}  {standing:<8}  last contact {contact}  {}", device.id, device.name);
            }
            Ok(())
        }
        Command::Device(Device::Revoke { clinic, device, connection }) => {
            admin::revoke(&owner(&connection).await?, clinic, device).await?;
            println!("The device is shut out; a running server acts on it within 5 seconds.");
            Ok(())
        }
    }
}
