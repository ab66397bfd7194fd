//! Sends a file to the desk, part by part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::{
    ErrorBody, ErrorCode, IMPORT_FILE_MAX_BYTES, ImportDiscard, ImportFeed, ImportFeedRequest, ImportOpen,
    ImportOpenRequest, ImportRef,
};
use domain::id::ImportId;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use crate::view_model::parts::next_part;
use crate::{api, t};

/// A file on its way.
#[derive(Clone, Copy)]
pub struct Feed {
    pub sent: RwSignal<u64>,
    pub size: RwSignal<u64>,
    pub name: RwSignal<String>,
    pub under_way: RwSignal<bool>,
    pub cancelled: RwSignal<bool>,
    pub failure: RwSignal<Option<ErrorBody>>,
}

impl Feed {
    pub fn new() -> Self {
        Self {
            sent: RwSignal::new(0),
            size: RwSignal::new(0),
            name: RwSignal::new(String::new()),
            under_way: RwSignal::new(false),
            cancelled: RwSignal::new(false),
            failure: RwSignal::new(None),
        }
    }

    /// Sends `file`; the import that it became, unless it was stopped or refused.
    pub async fn send(self, file: File) -> Option<ImportId> {
        let size = file.size() as u64;
        self.name.try_set(file.name());
        self.size.try_set(size);
        self.sent.try_set(0);
        self.failure.try_set(None);
        self.cancelled.try_set(false);
        self.under_way.try_set(true);
        let answer = self.send_parts(&file, size).await;
        self.under_way.try_set(false);
        match answer {
            Ok(id) => id,
            Err(error) => {
                self.failure.try_set(Some(error));
                None
            }
        }
    }

    async fn send_parts(self, file: &File, size: u64) -> Result<Option<ImportId>, ErrorBody> {
        if size > IMPORT_FILE_MAX_BYTES {
            return Err(ErrorBody::new(ErrorCode::TooLarge, t!(import.too_large)));
        }
        if size == 0 {
            return Err(ErrorBody::new(ErrorCode::BadFile, t!(import.empty_file)));
        }
        let ImportRef { id } =
            api::call::<ImportOpen>(ImportOpenRequest { file_name: file.name(), size }).await?;
        let mut sent = 0;
        while let Some((begin, end)) = next_part(sent, size) {
            // Gone with the page, or stopped: nothing of it is kept.
            if self.cancelled.try_get_untracked() != Some(false) {
                api::call::<ImportDiscard>(ImportRef { id }).await?;
                return Ok(None);
            }
            let part = read(file, begin, end).await?;
            sent = api::call::<ImportFeed>(ImportFeedRequest { id, offset: begin, part })
                .await?
                .received
                .max(end);
            self.sent.try_set(sent);
        }
        Ok(Some(id))
    }
}

async fn read(file: &Blob, begin: u64, end: u64) -> Result<String, ErrorBody> {
    let unreadable = |_| ErrorBody::new(ErrorCode::BadFile, t!(import.unreadable));
    let part = file.slice_with_f64_and_f64(begin as f64, end as f64).map_err(unreadable)?;
    let buffer = JsFuture::from(part.array_buffer()).await.map_err(unreadable)?;
    Ok(STANDARD.encode(js_sys::Uint8Array::new(&buffer).to_vec()))
}
