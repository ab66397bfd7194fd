//! The one way from the page to the desk.

use contract::{Command, ErrorBody, ErrorCode, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["window", "__TAURI_INTERNALS__"], catch)]
    async fn invoke(command: &str, arguments: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = transformCallback, catch)]
    fn transform_callback(callback: &Closure<dyn FnMut(JsValue)>) -> Result<JsValue, JsValue>;
}

/// What only the window around the page can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShellAction {
    WindowNew,
    /// The first content is on the screen.
    Ready,
    /// Asks where to, then writes every patient as CSV.
    ExportPatients,
    /// Asks where to, then writes what the server has not acknowledged.
    ExportUnsent,
}

#[derive(Serialize)]
struct CallArguments<'a, R> {
    name: &'a str,
    request: &'a R,
}

#[derive(Serialize)]
struct ShellArguments {
    action: ShellAction,
}

/// Runs one command of the contract.
pub async fn call<C: Command>(request: C::Request) -> Result<C::Response, ErrorBody> {
    ask("call", &CallArguments { name: C::NAME, request: &request }).await
}

/// Asks something of the window.
pub async fn shell(action: ShellAction) -> Result<serde_json::Value, ErrorBody> {
    ask("shell", &ShellArguments { action }).await
}

async fn ask<A: Serialize, R: DeserializeOwned>(door: &str, arguments: &A) -> Result<R, ErrorBody> {
    if !inside_the_app() {
        return Err(fault("This page only works inside the app."));
    }
    match invoke(door, to_js(arguments)?).await {
        Ok(answer) => from_js(&answer),
        Err(refusal) => Err(from_js(&refusal).unwrap_or_else(|_| fault("The app did not answer."))),
    }
}

/// Without the app (a page opened in a browser) there is nobody to ask.
fn inside_the_app() -> bool {
    js_sys::Reflect::has(&js_sys::global(), &"__TAURI_INTERNALS__".into()).unwrap_or(false)
}

// By way of JSON text: numbers, absent fields and flattened structs then mean on both sides what
// serde_json makes of them.
fn to_js<T: Serialize>(value: &T) -> Result<JsValue, ErrorBody> {
    let text = serde_json::to_string(value).map_err(|_| fault("The request could not be written."))?;
    js_sys::JSON::parse(&text).map_err(|_| fault("The request could not be written."))
}

fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, ErrorBody> {
    let unreadable = |_| fault("The answer could not be read.");
    let text = match js_sys::JSON::stringify(value) {
        Ok(text) => text.as_string().unwrap_or_else(|| "null".to_owned()),
        // `undefined` has no JSON.
        Err(_) => "null".to_owned(),
    };
    serde_json::from_str(&text).map_err(|error: serde_json::Error| unreadable(error))
}

fn fault(message: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::Internal, message)
}

#[derive(Serialize)]
struct Listening<'a> {
    event: &'a str,
    target: Target<'a>,
    handler: serde_json::Value,
}

#[derive(Serialize)]
struct Target<'a> {
    kind: &'a str,
}

#[derive(serde::Deserialize)]
struct Heard {
    payload: Event,
}

/// Calls `hear` for every event of the desk, for as long as the page lives.
pub async fn listen(mut hear: impl FnMut(Event) + 'static) -> Result<(), ErrorBody> {
    if !inside_the_app() {
        return Ok(());
    }
    let closure = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        if let Ok(heard) = from_js::<Heard>(&event) {
            hear(heard.payload);
        }
    });
    let handler = transform_callback(&closure).map_err(|_| fault("The app did not answer."))?;
    // The desk calls it until the window closes.
    closure.forget();
    let arguments =
        Listening { event: "frontdesk", target: Target { kind: "Any" }, handler: from_js(&handler)? };
    ask::<_, serde_json::Value>("plugin:event|listen", &arguments).await.map(|_| ())
}
