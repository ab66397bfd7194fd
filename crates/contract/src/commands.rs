//! Every command, declared once.

use crate::access::Permission;
use crate::budget::{Budget, WARNING_MS};
use crate::operations::CommandInfo;
use crate::page::Page;
use crate::{app::*, day::*, import::*, invoice::*, operations::*, patient::*, sync::*};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A command: what the page may ask of the desk.
pub trait Command: 'static {
    /// Noun first: `patient_list`.
    const NAME: &'static str;
    /// What the person needs to be allowed.
    const PERMISSION: Permission;
    /// What one call may cost.
    const BUDGET: Budget;
    type Request: Serialize + DeserializeOwned + Send + 'static;
    type Response: Serialize + DeserializeOwned + Send + 'static;
}

macro_rules! commands {
    ($($(#[$doc:meta])* $marker:ident $name:ident ($request:ty) -> $response:ty,
        $permission:ident, $statements:literal statements, $vm_steps:literal steps;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $marker;

            impl Command for $marker {
                const NAME: &'static str = stringify!($name);
                const PERMISSION: Permission = Permission::$permission;
                const BUDGET: Budget = Budget { statements: $statements, vm_steps: $vm_steps };
                type Request = $request;
                type Response = $response;
            }
        )+

        /// Every command, in the order of declaration.
        pub const COMMANDS: &[CommandInfo] = &[$(
            CommandInfo {
                name: $marker::NAME,
                permission: $marker::PERMISSION,
                budget: $marker::BUDGET,
                slow_ms: WARNING_MS,
            }
        ),+];

        /// Calls `$callback! { (Marker name) … }` with every command, so that a table of
        /// functions that lacks one does not compile.
        #[macro_export]
        macro_rules! for_each_command {
            ($callback:ident) => { $callback! { $(($marker $name))+ } };
        }
    };
}

commands! {
    /// How far the app has started.
    AppStatusLoad app_status(Nothing) -> AppStatus, Start, 0 statements, 0 steps;
    /// Opens the database with a passphrase, or makes it.
    AppUnlockCall app_unlock(AppUnlock) -> AppStatus, Start, 40 statements, 2_000_000 steps;
    /// Keeps a form that is not saved yet.
    DraftSaveCall draft_save(DraftSave) -> Nothing, Personal, 1 statements, 500 steps;
    /// The form that was not saved.
    DraftLoad draft_load(KeyRequest) -> KeyResponse, Personal, 1 statements, 200 steps;
    /// A setting of this device.
    PreferenceSetCall preference_set(PreferenceSet) -> Nothing, Personal, 1 statements, 500 steps;
    /// A setting of this device.
    PreferenceLoad preference_load(KeyRequest) -> KeyResponse, Personal, 1 statements, 200 steps;

    /// A page of patients.
    PatientList patient_list(PatientListRequest) -> PatientListResponse, PatientRead, 1 statements, 1_500_000 steps;
    /// What patients can be filtered by.
    PatientFacetsLoad patient_facets(Nothing) -> PatientFacets, PatientRead, 1 statements, 20_000 steps;
    /// Search while typing.
    PatientSearch patient_search(PatientSearchRequest) -> PatientSearchResponse, PatientRead, 2 statements, 400_000 steps;
    /// A patient's page.
    PatientLoad patient_load(PatientLoadRequest) -> PatientDetail, PatientRead, 8 statements, 20_000 steps;
    /// A new patient.
    PatientCreate patient_create(PatientDraft) -> PatientCreated, PatientWrite, 12 statements, 60_000 steps;
    /// Saves what a form changed.
    PatientUpdate patient_update(PatientUpdateRequest) -> PatientDetail, PatientWrite, 30 statements, 100_000 steps;
    /// Archives or restores patients.
    PatientArchive patient_archive(PatientArchiveRequest) -> Affected, PatientWrite, 3 statements, 2_000_000 steps;
    /// Who might be the person being typed.
    PatientDuplicates patient_duplicates(DuplicateRequest) -> DuplicateResponse, PatientRead, 2 statements, 200_000 steps;
    /// Two records are not the same person.
    PatientDistinct patient_distinct(DistinctRequest) -> Nothing, PatientWrite, 3 statements, 2_000 steps;

    /// A page of a patient's notes.
    NoteList note_list(NoteListRequest) -> Page<Note>, PatientRead, 3 statements, 20_000 steps;
    /// A new note.
    NoteCreate note_create(NoteCreateRequest) -> NoteCreated, PatientWrite, 3 statements, 2_000 steps;
    /// Saves what was changed of a note.
    NoteUpdate note_update(NoteUpdateRequest) -> Nothing, PatientWrite, 4 statements, 4_000 steps;
    /// Deletes a note, or brings it back.
    NoteDelete note_delete(NoteDeleteRequest) -> Nothing, PatientWrite, 4 statements, 4_000 steps;
    /// Records a decision about being written to.
    ConsentRecord consent_record(ConsentRecordRequest) -> Nothing, PatientWrite, 3 statements, 4_000 steps;
    /// A page of the consent history.
    ConsentHistory consent_history(ConsentHistoryRequest) -> Page<ConsentEntry>, PatientRead, 1 statements, 20_000 steps;

    /// Who the clinic is to those it bills.
    ClinicLoad clinic_load(Nothing) -> ClinicProfile, InvoiceRead, 3 statements, 2_000 steps;
    /// Changes who the clinic is.
    ClinicSave clinic_save(ClinicProfile) -> Nothing, Billing, 5 statements, 4_000 steps;
    /// The clinic's taxes.
    TaxRates tax_rate_list(Nothing) -> TaxRateList, InvoiceRead, 1 statements, 20_000 steps;
    /// Adds or changes a tax.
    TaxRateSaveCall tax_rate_save(TaxRateSave) -> TaxRateSaved, Billing, 3 statements, 4_000 steps;
    /// A page of what is sold.
    CatalogueList catalogue_list(CatalogueListRequest) -> Page<CatalogueItem>, InvoiceRead, 1 statements, 400_000 steps;
    /// Adds or changes what is sold.
    CatalogueItemSaveCall catalogue_item_save(CatalogueItemSave) -> CatalogueItemSaved, Billing, 4 statements, 4_000 steps;

    /// A page of invoices.
    InvoiceList invoice_list(InvoiceListRequest) -> InvoiceListResponse, InvoiceRead, 2 statements, 100_000 steps;
    /// An invoice's page.
    InvoiceLoad invoice_load(InvoiceRef) -> InvoiceDetail, InvoiceRead, 9 statements, 60_000 steps;
    /// A page of an invoice's lines.
    LineList line_list(LineListRequest) -> Page<InvoiceLine>, InvoiceRead, 3 statements, 60_000 steps;
    /// How a patient stands with the clinic.
    PatientAccountLoad patient_account(PatientRef) -> PatientAccount, InvoiceRead, 1 statements, 1_000 steps;
    /// A new draft.
    InvoiceCreate invoice_create(InvoiceCreateRequest) -> InvoiceRef, InvoiceWrite, 4 statements, 2_000_000 steps;
    /// Adds lines to a draft.
    LineAdd line_add(LineAddRequest) -> LinesAdded, InvoiceWrite, 3 statements, 2_000_000 steps;
    /// Changes a line of a draft.
    LineUpdate line_update(LineUpdateRequest) -> Nothing, InvoiceWrite, 3 statements, 4_000 steps;
    /// Takes lines off a draft.
    LineRemove line_remove(LineRemoveRequest) -> Nothing, InvoiceWrite, 3 statements, 2_000_000 steps;
    /// Changes what concerns a draft as a whole.
    InvoiceUpdate invoice_update(InvoiceUpdateRequest) -> Nothing, InvoiceWrite, 3 statements, 4_000 steps;
    /// Discards a draft, or brings it back.
    InvoiceDiscard invoice_discard(InvoiceDiscardRequest) -> Nothing, InvoiceWrite, 3 statements, 4_000 steps;
    /// Issues a draft, and takes a payment for it.
    InvoiceIssue invoice_issue(InvoiceIssueRequest) -> InvoiceIssued, InvoiceWrite, 12 statements, 2_000_000 steps;
    /// Takes a payment.
    PaymentTake payment_take(PaymentTakeRequest) -> PaymentTaken, InvoiceWrite, 5 statements, 20_000 steps;
    /// Gives a patient's credit back.
    CreditPayOutCall credit_pay_out(CreditPayOut) -> Nothing, InvoiceWrite, 5 statements, 20_000 steps;
    /// Credits an invoice, and gives the money back.
    InvoiceRefund invoice_refund(InvoiceRefundRequest) -> InvoiceRefunded, InvoiceWrite, 14 statements, 2_000_000 steps;
    /// Makes an issued invoice void, or takes that back.
    InvoiceVoid invoice_void(InvoiceVoidRequest) -> Nothing, Billing, 5 statements, 10_000 steps;
    /// What was issued, as it was issued.
    DocumentLoad document_load(InvoiceRef) -> DocumentLoaded, InvoiceRead, 1 statements, 2_000 steps;

    /// What a day's close would cover.
    DayOpenLoad day_open(DayRef) -> OpenDay, DayClose, 2 statements, 4_000_000 steps;
    /// Closes a day.
    DayCloseCall day_close(DayCloseRequest) -> ClosedDay, DayClose, 5 statements, 12_000_000 steps;
    /// A page of closes, the newest first.
    DayCloseList day_close_list(DayListRequest) -> Page<ClosedDay>, DayClose, 2 statements, 20_000 steps;

    /// Announces a file.
    ImportOpen import_open(ImportOpenRequest) -> ImportRef, Import, 2 statements, 2_000 steps;
    /// A part of the file.
    ImportFeed import_feed(ImportFeedRequest) -> ImportFed, Import, 6 statements, 20_000_000 steps;
    /// What the file holds.
    ImportPreviewLoad import_preview(ImportRef) -> ImportPreview, Import, 3 statements, 20_000 steps;
    /// Adjusts how the columns are understood.
    ImportMap import_map(ImportMapRequest) -> Nothing, Import, 5 statements, 20_000_000 steps;
    /// Dry run: starts in the background, progress comes as events.
    ImportCheck import_check(ImportCheckRequest) -> Nothing, Import, 4 statements, 20_000 steps;
    /// Takes it over: starts in the background, progress comes as events.
    ImportRun import_run(ImportRunRequest) -> Nothing, Import, 4 statements, 20_000 steps;
    /// Stops after the present chunk.
    ImportCancel import_cancel(ImportRef) -> Nothing, Import, 4 statements, 20_000_000 steps;
    /// Takes a whole import back: starts in the background.
    ImportUndo import_undo(ImportRef) -> Nothing, Import, 4 statements, 20_000 steps;
    /// Forgets an import that has not been run, with the file.
    ImportDiscard import_discard(ImportRef) -> Nothing, Import, 4 statements, 20_000_000 steps;
    /// How far one import is.
    ImportProgressLoad import_progress(ImportRef) -> ImportProgress, Import, 1 statements, 2_000 steps;
    /// The rows that are wrong or look like a duplicate.
    ImportProblems import_problems(ImportProblemsRequest) -> Page<ImportProblem>, Import, 2 statements, 20_000 steps;
    /// Imports, the newest first.
    ImportList import_list(ImportListRequest) -> ImportListResponse, Import, 1 statements, 20_000 steps;

    /// Whether the other desks have what this one has.
    SyncStatusLoad sync_status(Nothing) -> SyncStatus, Personal, 3 statements, 300_000 steps;
    /// Connects this desk to a server.
    SyncPairCall sync_pair(SyncPair) -> Nothing, Sync, 20 statements, 20_000_000 steps;
    /// Tries now instead of waiting for the next time.
    SyncNow sync_now(Nothing) -> Nothing, Personal, 0 statements, 0 steps;
    /// The clinic's devices, from the server.
    SyncDevices sync_devices(Nothing) -> SyncDeviceList, Sync, 1 statements, 200 steps;
    /// A code for one more device, from the server.
    SyncInviteCall sync_invite(Nothing) -> SyncInvite, Sync, 1 statements, 200 steps;
    /// Shuts a device out.
    SyncRevoke sync_revoke(SyncDeviceRef) -> Nothing, Sync, 1 statements, 200 steps;
    /// What happened with sync, the newest first.
    SyncLogList sync_log(SyncListRequest) -> Page<SyncLogItem>, Personal, 1 statements, 20_000 steps;
    /// What the server has not acknowledged, record by record, the newest first.
    UnsentList unsent_list(SyncListRequest) -> Page<UnsentItem>, PatientRead, 2 statements, 50_000 steps;
    /// What other desks changed, the newest first.
    SyncArrivals sync_arrivals(SyncListRequest) -> Page<ArrivalItem>, PatientRead, 2 statements, 50_000 steps;
    /// What two desks wrote at the same time, the newest first.
    ConflictList conflict_list(SyncListRequest) -> Page<ConflictItem>, PatientRead, 5 statements, 100_000 steps;
    /// Keeps one version of a conflict.
    ConflictResolveCall conflict_resolve(ConflictResolve) -> Nothing, PatientWrite, 8 statements, 5_000 steps;
    /// Takes a judgement back: the version that was shown before is shown again.
    ConflictReopen conflict_reopen(ConflictRef) -> Nothing, PatientWrite, 8 statements, 5_000 steps;
    /// What the server refused, the newest first.
    AttentionList attention_list(SyncListRequest) -> Page<AttentionItem>, PatientRead, 2 statements, 100_000 steps;
    /// A refused change was seen to, or not after all.
    AttentionSeen attention_seen(AttentionRef) -> Nothing, PatientWrite, 1 statements, 500 steps;
    /// Records that this version cannot show.
    ParkedList parked_list(SyncListRequest) -> Page<ParkedItem>, PatientRead, 1 statements, 20_000 steps;

    /// What runs, how fast.
    DiagnosticsLoad diagnostics(Nothing) -> Diagnostics, Diagnostics, 4 statements, 2_000 steps;
    /// Checks the database and recomputes what is derived.
    DoctorRun doctor(Nothing) -> DoctorReport, Diagnostics, 40 statements, 4_000_000_000 steps;
}
