//! The page that the window shows.
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["__TAURI__", "core"], js_name = invoke, catch)]
    async fn invoke(command: &str, arguments: JsValue) -> Result<JsValue, JsValue>;
}

fn main() {
    mount_to_body(|| view! { <main class="p-8 text-xl font-semibold"><h1>"Frontdesk"</h1></main> });
    request_animation_frame(|| request_animation_frame(tell_ready));
}

fn tell_ready() {
    if let Some(root) = document().document_element() {
        // An attribute name that is a constant cannot be refused.
        let _ = root.set_attribute("data-ready", "true");
    }
    wasm_bindgen_futures::spawn_local(async {
        let arguments = js_sys::Object::new();
        // Outside the app's window there is nobody to tell.
        let _ = js_sys::Reflect::set(&arguments, &"action".into(), &"ready".into());
        let _ = invoke("shell", arguments.into()).await;
    });
}
