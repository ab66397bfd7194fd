//! Closing a day.

use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use crate::invoice::InvoiceError;
use crate::patient::Form;
use chrono::SubsecRound;
use contract::{
    ClosedDay, CountedMethod, DayCloseRequest, DayListRequest, DayRef, ExpectedMethod, OpenDay, Page,
};
use domain::day::Counted;
use domain::field::Problem;
use domain::id::{CloseId, made_by};
use domain::invoice::payment::Method;
use domain::money::AMOUNT_MAX;
use store::clinic::load_clinic;
use store::day::{self, CloseRow, Expected};

/// What a day's close would cover.
pub async fn day_open(call: &Call, request: DayRef) -> Result<OpenDay, AppError> {
    let day = request.day.unwrap_or_else(|| call.today());
    let mut read = call.read().await?;
    let open = day::load_open(&mut read, day).await?;
    let clinic = load_clinic(&mut read).await?;
    read.end().await?;
    let expected = |Expected { method, amount, payments }| ExpectedMethod { method, amount, payments };
    Ok(OpenDay {
        day,
        currency: clinic.currency,
        payments: open.payments.len() as u64,
        expected: open.expected.into_iter().map(expected).collect(),
        late: open.late,
        float: open.float,
        last_closed: open.last_closed,
    })
}

/// Closes a day.
pub async fn day_close(call: &Call, request: DayCloseRequest) -> Result<ClosedDay, AppError> {
    let day = request.day.unwrap_or_else(|| call.today());
    let mut form = Form::default();
    if day > call.today() {
        form.add("day", Problem::InTheFuture);
    }
    let in_drawer = request.drawer.total().unwrap_or_else(|problem| {
        form.add("drawer", problem);
        0
    });
    if !(0..=AMOUNT_MAX).contains(&request.float) {
        form.add("float", Problem::TooLarge);
    }
    check_counted(&mut form, &request.counted);
    let explanation = form.line("explanation", &request.explanation);
    let id = CloseId(made_by(request.action, "close", 0));
    let mut write = call.write().await?;
    if let Some(done) = day::find_close(&mut write, id).await? {
        return Ok(closed(done));
    }
    let open = day::load_open(&mut write, day).await?;
    if open.payments.len() as u64 != request.payments {
        return Err(InvoiceError::OtherPayments.into());
    }
    let methods = compared(&open.expected, request.float, in_drawer, &request.counted);
    if explanation.is_empty() && methods.iter().any(|method| method.difference() != 0) {
        form.add("explanation", Problem::Required);
    }
    let close = CloseRow {
        id,
        day,
        // As it is kept.
        closed_at: call.at.trunc_subsecs(3),
        closed_by: call.actor()?,
        float: request.float,
        drawer: request.drawer,
        methods,
        explanation,
    };
    let close = form.finish(close)?;
    day::insert_close(&mut write, &close, &open.payments).await?;
    write.commit().await?;
    Ok(closed(close))
}

fn check_counted(form: &mut Form, counted: &[CountedMethod]) {
    for (n, of) in counted.iter().enumerate() {
        let field = format!("counted.{n}");
        if of.method == Method::Cash || counted[..n].iter().any(|other| other.method == of.method) {
            form.add(&field, Problem::Repeated);
        }
        if !(-AMOUNT_MAX..=AMOUNT_MAX).contains(&of.amount) {
            form.add(&field, Problem::TooLarge);
        }
    }
}

/// Cash against the drawer, every other method against what was counted of it. Credit is nothing that anybody could count.
fn compared(expected: &[Expected], float: i64, in_drawer: i64, counted: &[CountedMethod]) -> Vec<Counted> {
    let came = |method| expected.iter().find(|of| of.method == method).map_or(0, |of| of.amount);
    let cash = Counted {
        method: Method::Cash,
        expected: float.saturating_add(came(Method::Cash)),
        counted: in_drawer,
    };
    let others = [Method::Card, Method::Transfer, Method::GiftCard, Method::Credit].into_iter();
    let others = others.filter_map(|method| {
        let expected = came(method);
        let found = counted.iter().find(|of| of.method == method);
        let counted = match (method, found) {
            (Method::GiftCard | Method::Credit, None) => expected,
            (_, found) => found.map_or(0, |of| of.amount),
        };
        (expected != 0 || counted != 0).then_some(Counted { method, expected, counted })
    });
    std::iter::once(cash).chain(others).collect()
}

/// A page of closes, the newest first.
pub async fn day_close_list(call: &Call, request: DayListRequest) -> Result<Page<ClosedDay>, AppError> {
    let after = cursor::decode(request.after.as_ref())?;
    let limit = cursor::limit(request.limit, 50);
    let mut read = call.read().await?;
    let (rows, next) = day::list_closes(&mut read, after.as_ref(), limit).await?;
    read.end().await?;
    Ok(Page { rows: rows.into_iter().map(closed).collect(), next: cursor::encode(next)? })
}

fn closed(row: CloseRow) -> ClosedDay {
    let CloseRow { id, day, closed_at, float, drawer, methods, explanation, .. } = row;
    ClosedDay { id, day, closed_at, float, drawer, methods, explanation }
}
