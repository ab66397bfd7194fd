use contract::{
    Command, ErrorBody, ImportMap, ImportMapRequest, ImportMapping, ImportPreview, ImportPreviewLoad,
    ImportProgress, ImportProgressLoad, ImportRef,
};
use domain::id::ImportId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::state::{Desk, Remote};

/// One import; cheap to copy.
#[derive(Clone, Copy)]
pub struct ImportStore {
    pub desk: Desk,
    pub id: ImportId,
    pub preview: Remote<ImportPreview>,
    loaded: Remote<ImportProgress>,
}

impl ImportStore {
    pub fn new(desk: Desk, id: ImportId) -> Self {
        let store = Self { desk, id, preview: Remote::new(), loaded: Remote::new() };
        Effect::new(move |_| {
            desk.changes.follow(&["import_job"]);
            store.reload();
        });
        store
    }

    /// How far it is: as told last, or as asked for.
    pub fn progress(self) -> Option<ImportProgress> {
        self.desk.imports.of(self.id).or_else(|| self.loaded.value.get().map(|progress| (*progress).clone()))
    }

    pub fn failure(self) -> Option<ErrorBody> {
        self.loaded.error.get()
    }

    pub fn reload(self) {
        let desk = self.desk;
        let id = self.id;
        spawn_local(async move {
            match api::call::<ImportProgressLoad>(ImportRef { id }).await {
                Ok(progress) => {
                    desk.imports.take(progress.clone());
                    self.loaded.put(progress);
                }
                Err(error) => {
                    self.loaded.error.try_set(Some(error));
                }
            }
        });
    }

    pub fn load_preview(self) {
        self.preview.load::<ImportPreviewLoad>(ImportRef { id: self.id });
    }

    /// Changes how the columns are understood.
    pub fn map(self, change: impl FnOnce(&mut ImportMapping)) {
        let Some(preview) = self.preview.value.get_untracked() else { return };
        let mut preview = (*preview).clone();
        change(&mut preview.mapping);
        let request = ImportMapRequest { id: self.id, mapping: preview.mapping.clone() };
        // Shown at once; the desk's answer may correct it.
        self.preview.put(preview);
        spawn_local(async move {
            if let Err(error) = api::call::<ImportMap>(request).await {
                self.desk.toasts.failed(&error);
            }
            self.load_preview();
            self.reload();
        });
    }

    /// Starts something that goes on in the background.
    pub fn start<C: Command>(self, request: C::Request) {
        spawn_local(async move {
            if let Err(error) = api::call::<C>(request).await {
                self.desk.toasts.failed(&error);
            }
            self.reload();
        });
    }

    pub fn reference(self) -> ImportRef {
        ImportRef { id: self.id }
    }
}
