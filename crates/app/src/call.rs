//! The generic door: from a command's name to its use case, with permission and accounting.

use crate::desk::Desk;
use crate::error::AppError;
use crate::monitor::Ended;
use chrono::{DateTime, Utc};
use contract::{AlertGrade, Command, CommandInfo, ErrorBody, Event, Role};
use domain::id::ActorId;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use store::{Context, Cost, READERS, Read, Store, Usage, Write};

/// One call of a command: who calls, when, and what it has cost so far.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) desk: Desk,
    pub(crate) at: DateTime<Utc>,
    pub(crate) command: &'static str,
    usage: Usage,
    /// The most readers that were in use when this call took one.
    readers_in_use: Arc<AtomicU32>,
}

impl Call {
    pub(crate) fn new(desk: &Desk, command: &'static str) -> Self {
        Self {
            desk: desk.clone(),
            at: desk.0.options.world.now(),
            command,
            usage: Usage::default(),
            readers_in_use: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> Result<Store, AppError> {
        self.desk.store().map_err(|error| AppError::NotOpen(Box::new(error)))
    }

    pub(crate) async fn read(&self) -> Result<Read, AppError> {
        let store = self.store()?;
        let read = store.read(&self.usage).await?;
        self.readers_in_use.fetch_max(store.readers_in_use().1, Ordering::Relaxed);
        Ok(read)
    }

    pub(crate) async fn write(&self) -> Result<Write, AppError> {
        let store = self.store()?;
        let context = self.context(&store);
        Ok(store.write(&self.usage, context).await?)
    }

    fn context(&self, store: &Store) -> Context {
        let world = &self.desk.0.options.world;
        Context {
            transaction: world.next_id(),
            actor: store.owner(),
            at: self.at,
            boot_ms: world.boot_ms(),
            boot: world.boot(),
            command: self.command,
        }
    }

    /// Who calls. One built-in owner until people sign in.
    pub(crate) fn actor(&self) -> Result<ActorId, AppError> {
        Ok(self.store()?.owner())
    }

    pub(crate) fn next_id(&self) -> uuid::Uuid {
        self.desk.0.options.world.next_id()
    }

    pub(crate) fn today(&self) -> chrono::NaiveDate {
        self.desk.0.options.world.today()
    }

    /// The date of a moment where the desk stands.
    pub(crate) fn day_of(&self, at: DateTime<Utc>) -> chrono::NaiveDate {
        self.desk.0.options.world.day_of(at)
    }
}

impl Desk {
    /// Runs a command of the contract.
    ///
    /// # Errors
    /// Whatever keeps the command from being done. Nothing was changed then.
    pub async fn call(&self, name: &str, request: Value) -> Result<Value, ErrorBody> {
        let answer = self.answer(name, request).await.0?;
        serde_json::from_str(&answer).map_err(|source| AppError::Request { source }.into())
    }

    /// As [`Desk::call`], as JSON text, which is what a page gets, and with what it cost in the database.
    pub async fn answer(&self, name: &str, request: Value) -> (Result<String, ErrorBody>, Cost) {
        let Some(info) = contract::COMMANDS.iter().find(|info| info.name == name) else {
            return (Err(AppError::UnknownCommand { name: name.to_owned() }.into()), Cost::default());
        };
        let started = Instant::now();
        let call = Call::new(self, info.name);
        let result = Box::pin(run(&call, info, request)).await;
        let result = self.book(&call, info, started, result);
        (result.map_err(ErrorBody::from), call.usage.cost())
    }

    /// Books what a call cost, and tells whoever should know.
    pub(crate) fn book<T>(
        &self,
        call: &Call,
        info: &CommandInfo,
        started: Instant,
        result: Result<T, AppError>,
    ) -> Result<T, AppError> {
        let cost = call.usage.cost();
        let pool = (READERS, call.readers_in_use.load(Ordering::Relaxed));
        let ended = Ended { at: call.at, took: started.elapsed(), cost, failed: result.is_err(), pool };
        for alert in self.0.monitor.book(info, ended) {
            tell(&alert);
            let _ = self.0.events.send(Event::Alert { alert });
        }
        let above = cost.statements > info.budget.statements || cost.vm_steps > info.budget.vm_steps;
        if above && self.0.options.strict_budgets {
            return Err(AppError::Budget { statements: cost.statements, vm_steps: cost.vm_steps });
        }
        result
    }
}

fn tell(alert: &contract::AlertLine) {
    let contract::AlertLine { command, kind, value, limit, grade, .. } = alert;
    match grade {
        AlertGrade::Critical => tracing::error!(command, ?kind, value, limit, "critical"),
        AlertGrade::Alert | AlertGrade::Warning => {
            tracing::warn!(command, ?kind, value, limit, "above its limit")
        }
    }
}

async fn run(call: &Call, info: &CommandInfo, request: Value) -> Result<String, AppError> {
    if !Role::Owner.may(info.permission) {
        return Err(AppError::Denied { permission: info.permission });
    }
    dispatch(call, info.name, request).await
}

/// One arm per command of the contract; a command without a function in `handlers` does not compile.
macro_rules! table {
    ($(($marker:ident $name:ident))+) => {
        async fn dispatch(call: &Call, name: &str, request: Value) -> Result<String, AppError> {
            match name {
                $(stringify!($name) => {
                    let request = parse::<contract::$marker>(request)?;
                    let response: <contract::$marker as Command>::Response =
                        Box::pin(crate::handlers::$name(call, request)).await?;
                    serde_json::to_string(&response).map_err(|source| AppError::Request { source })
                })+
                _ => Err(AppError::UnknownCommand { name: name.to_owned() }),
            }
        }
    };
}
contract::for_each_command!(table);

fn parse<C: Command>(request: Value) -> Result<C::Request, AppError> {
    // A command without a request may be called without one.
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    let mut unknown = None;
    let known = |field: serde_ignored::Path<'_>| {
        unknown.get_or_insert_with(|| field.to_string());
    };
    let request =
        serde_ignored::deserialize(request, known).map_err(|source| AppError::Request { source })?;
    // A field that is mistyped would do nothing, and nobody would know.
    unknown.map_or(Ok(request), |field| Err(AppError::UnknownField { field }))
}
