//! What sqlx has no safe call for: the key, SQL functions of ours, and the meter.
//!
//! The only `unsafe` code of the project.

use crate::meter::Meter;
use libsqlite3_sys as sqlite;
use sqlx::SqliteConnection;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::{Arc, Once};

unsafe extern "C" {
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
    fn atexit(handler: extern "C" fn()) -> c_int;
}

/// OpenSSL's `OPENSSL_INIT_NO_ATEXIT`.
const INIT_NO_ATEXIT: u64 = 0x0008_0000;

/// Sets up OpenSSL and SQLCipher once, so that neither is taken down under a thread of sqlx that still works on a
/// database when the process ends: OpenSSL stays, and before SQLCipher goes, `ending` runs. Before anything else
/// uses either.
pub fn initialize(ending: extern "C" fn()) {
    static ONCE: Once = Once::new();
    // SAFETY: without settings there is nothing to point to; both are done once and for any thread. What is given to
    // `atexit` last runs first, so `ending` comes before what SQLCipher gave it in `sqlite3_initialize`.
    ONCE.call_once(|| unsafe {
        OPENSSL_init_crypto(INIT_NO_ATEXIT, std::ptr::null());
        sqlite::sqlite3_initialize();
        atexit(ending);
    });
}

/// The mutex of a connection, which a thread has for as long as it is inside SQLite with that connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionMutex(*mut sqlite::sqlite3_mutex);

// SAFETY: mutexes are made for being shared.
unsafe impl Send for ConnectionMutex {}
// SAFETY: as above.
unsafe impl Sync for ConnectionMutex {}

impl ConnectionMutex {
    /// Takes it for good; false while another thread has it. The connection must not be gone.
    pub fn hold(self) -> bool {
        // SAFETY: the caller knows that the connection is there, and its mutex with it.
        unsafe { sqlite::sqlite3_mutex_try(self.0) == sqlite::SQLITE_OK }
    }
}

/// The mutex of the connection, which has one by its `serialized` option. Asked for early: of a connection that is
/// being closed SQLite does not tell it.
pub async fn mutex_of(connection: &mut SqliteConnection) -> Result<ConnectionMutex, sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    // SAFETY: the handle is locked and open.
    Ok(ConnectionMutex(unsafe { sqlite::sqlite3_db_mutex(handle.as_raw_handle().as_ptr()) }))
}

/// Gives `value` to the connection, which drops it in the middle of being closed: its pages, and with them SQLCipher,
/// are done with, and its mutex is still held. SQLite has no call for that but the end of a function's state.
pub async fn keep_until_closed<T: Send + Sync + 'static>(
    connection: &mut SqliteConnection,
    value: T,
) -> Result<(), sqlx::Error> {
    let function: Function<T> = |_, _| Ok(Answer::Null);
    add_function(connection, "frontdesk_is_open", 0, false, &Arc::new(value), function).await
}

/// Gives the connection its raw 32-byte key. Done here and not by a pragma, which sqlx would log.
pub async fn set_key(connection: &mut SqliteConnection, key: &[u8; 32]) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let literal = zeroize::Zeroizing::new(format!("x'{}'", hex(key).as_str()));
    // SAFETY: the handle is locked and open; the literal outlives the call, which copies it.
    let code = unsafe {
        sqlite::sqlite3_key(
            handle.as_raw_handle().as_ptr(),
            literal.as_ptr().cast::<c_void>(),
            literal.len() as c_int,
        )
    };
    if code == sqlite::SQLITE_OK { Ok(()) } else { Err(sqlx::Error::Protocol("the key was refused".into())) }
}

fn hex(bytes: &[u8]) -> zeroize::Zeroizing<String> {
    use std::fmt::Write;
    let mut text = zeroize::Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Counts what runs on the connection from now on.
pub async fn attach_meter(connection: &mut SqliteConnection, meter: &Arc<Meter>) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let db = handle.as_raw_handle().as_ptr();
    let shared = Arc::into_raw(Arc::clone(meter)).cast_mut().cast::<c_void>();
    // SAFETY: the connection owns `shared` through its client data and drops it when it closes,
    // after the last statement was traced.
    unsafe {
        sqlite::sqlite3_set_clientdata(db, METER.as_ptr(), shared, Some(drop_shared::<Meter>));
        sqlite::sqlite3_trace_v2(db, sqlite::SQLITE_TRACE_PROFILE as c_uint, Some(on_profile), shared);
    }
    Ok(())
}

/// The meter that [`attach_meter`] gave the connection.
pub async fn meter_of(connection: &mut SqliteConnection) -> Result<Option<Arc<Meter>>, sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    // SAFETY: what is kept under this name is an `Arc<Meter>` turned raw; the connection keeps its own count.
    Ok(unsafe {
        let shared = sqlite::sqlite3_get_clientdata(handle.as_raw_handle().as_ptr(), METER.as_ptr());
        if shared.is_null() {
            return Ok(None);
        }
        let shared = shared.cast::<Meter>().cast_const();
        Arc::increment_strong_count(shared);
        Some(Arc::from_raw(shared))
    })
}

const METER: &CStr = c"frontdesk_meter";

unsafe extern "C" fn drop_shared<T>(shared: *mut c_void) {
    // SAFETY: called once by SQLite with the pointer that `Arc::into_raw` gave.
    drop(unsafe { Arc::from_raw(shared.cast::<T>().cast_const()) });
}

unsafe extern "C" fn on_profile(
    _kind: c_uint,
    meter: *mut c_void,
    statement: *mut c_void,
    _ns: *mut c_void,
) -> c_int {
    // SAFETY: SQLite passes the pointers of `attach_meter` and of the statement that has just ended.
    unsafe {
        let statement = statement.cast::<sqlite::sqlite3_stmt>();
        let steps = sqlite::sqlite3_stmt_status(statement, sqlite::SQLITE_STMTSTATUS_VM_STEP, 1);
        let sql = sqlite::sqlite3_sql(statement);
        let sql = if sql.is_null() { c"" } else { CStr::from_ptr(sql) };
        (*meter.cast::<Meter>()).count(sql.to_bytes(), u64::try_from(steps).unwrap_or(0));
    }
    0
}

/// The arguments of one call of an SQL function.
pub struct Arguments<'a>(&'a [*mut sqlite::sqlite3_value], *mut sqlite::sqlite3_context);

impl Arguments<'_> {
    /// Whether the statement is a part of a transaction that somebody began.
    pub fn in_transaction(&self) -> bool {
        // SAFETY: the context is SQLite's own and valid for the length of the call.
        unsafe { sqlite::sqlite3_get_autocommit(sqlite::sqlite3_context_db_handle(self.1)) == 0 }
    }

    /// The number at `index`; 0 for anything else.
    pub fn integer(&self, index: usize) -> i64 {
        // SAFETY: SQLite's values are valid for the length of the call.
        unsafe { sqlite::sqlite3_value_int64(self.0[index]) }
    }

    /// The text at `index`; none for NULL.
    pub fn text(&self, index: usize) -> Option<&str> {
        // SAFETY: as above; the text stays put until the value is converted, which nothing here does.
        let bytes = unsafe {
            let text = sqlite::sqlite3_value_text(self.0[index]);
            if text.is_null() {
                return None;
            }
            let length = sqlite::sqlite3_value_bytes(self.0[index]);
            slice::from_raw_parts(text, usize::try_from(length).unwrap_or(0))
        };
        std::str::from_utf8(bytes).ok()
    }

    /// The bytes that the value at `index` takes.
    pub fn size(&self, index: usize) -> u64 {
        // SAFETY: as above.
        u64::try_from(unsafe { sqlite::sqlite3_value_bytes(self.0[index]) }).unwrap_or(0)
    }

    /// The bytes at `index`; empty for NULL.
    pub fn blob(&self, index: usize) -> &[u8] {
        // SAFETY: as above.
        unsafe {
            let bytes = sqlite::sqlite3_value_blob(self.0[index]).cast::<u8>();
            let length = sqlite::sqlite3_value_bytes(self.0[index]);
            if bytes.is_null() {
                &[]
            } else {
                slice::from_raw_parts(bytes, usize::try_from(length).unwrap_or(0))
            }
        }
    }
}

/// What an SQL function answers.
pub enum Answer {
    Null,
    Integer(i64),
    Text(String),
    /// The argument at this index, as it is.
    Argument(usize),
}

/// An SQL function over some state.
pub type Function<S> = fn(&S, &Arguments<'_>) -> Result<Answer, &'static str>;

struct Registered<S> {
    state: Arc<S>,
    function: Function<S>,
}

/// Makes `function` known to the connection as `name`.
pub async fn add_function<S: Send + Sync + 'static>(
    connection: &mut SqliteConnection,
    name: &str,
    arguments: usize,
    deterministic: bool,
    state: &Arc<S>,
    function: Function<S>,
) -> Result<(), sqlx::Error> {
    let name = CString::new(name).map_err(|_| sqlx::Error::Protocol("a function's name has a NUL".into()))?;
    let flags = sqlite::SQLITE_UTF8 | if deterministic { sqlite::SQLITE_DETERMINISTIC } else { 0 };
    let mut handle = connection.lock_handle().await?;
    let registered = Box::into_raw(Box::new(Registered { state: Arc::clone(state), function }));
    // SAFETY: SQLite owns `registered` from here on and drops it through the destructor.
    let code = unsafe {
        sqlite::sqlite3_create_function_v2(
            handle.as_raw_handle().as_ptr(),
            name.as_ptr(),
            arguments as c_int,
            flags,
            registered.cast::<c_void>(),
            Some(call_function::<S>),
            None,
            None,
            Some(drop_function::<S>),
        )
    };
    if code == sqlite::SQLITE_OK {
        Ok(())
    } else {
        Err(sqlx::Error::Protocol("a function was refused".into()))
    }
}

unsafe extern "C" fn drop_function<S>(registered: *mut c_void) {
    // SAFETY: called once by SQLite with the pointer that `add_function` gave.
    drop(unsafe { Box::from_raw(registered.cast::<Registered<S>>()) });
}

unsafe extern "C" fn call_function<S>(
    context: *mut sqlite::sqlite3_context,
    count: c_int,
    values: *mut *mut sqlite::sqlite3_value,
) {
    // SAFETY: SQLite passes `count` values and the pointer of `add_function`.
    let (registered, values) = unsafe {
        let registered = &*sqlite::sqlite3_user_data(context).cast::<Registered<S>>();
        let count = usize::try_from(count).unwrap_or(0);
        let values: &[_] = if count == 0 { &[] } else { slice::from_raw_parts(values, count) };
        (registered, values)
    };
    // A panic must not cross into C.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        (registered.function)(&registered.state, &Arguments(values, context))
    }))
    .unwrap_or(Err("a function of the database failed"));
    // SAFETY: the context is SQLite's own; SQLITE_TRANSIENT makes it copy the text.
    unsafe {
        match answer {
            Ok(Answer::Null) => sqlite::sqlite3_result_null(context),
            Ok(Answer::Integer(number)) => sqlite::sqlite3_result_int64(context, number),
            Ok(Answer::Text(text)) => sqlite::sqlite3_result_text(
                context,
                text.as_ptr().cast::<c_char>(),
                text.len() as c_int,
                sqlite::SQLITE_TRANSIENT(),
            ),
            Ok(Answer::Argument(index)) => sqlite::sqlite3_result_value(context, values[index]),
            Err(message) => {
                sqlite::sqlite3_result_error(
                    context,
                    message.as_ptr().cast::<c_char>(),
                    message.len() as c_int,
                );
            }
        }
    }
}
