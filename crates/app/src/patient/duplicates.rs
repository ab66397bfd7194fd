//! Who might be the same person.

use super::list::row;
use super::validate::checked_contact;
use crate::call::Call;
use crate::error::AppError;
use chrono::NaiveDate;
use contract::{DistinctRequest, DuplicateRequest, DuplicateResponse, LikelyDuplicate, Nothing};
use domain::date::{DateOrder, birth_date};
use domain::duplicate::{NEARLY_CERTAIN, Person, Reason, blocking_keys, score};
use domain::id::ImportId;
use std::collections::{HashMap, HashSet};
use store::patient::{self as patients, LikelyQuery, NewPatient, PersonRow};
use store::{Connection, load_versions};
use uuid::Uuid;

/// Likely duplicates that are shown.
const SHOWN: usize = 5;

/// Who might be the person being typed. What is not typed right yet is not looked at.
pub async fn patient_duplicates(
    call: &Call,
    request: DuplicateRequest,
) -> Result<DuplicateResponse, AppError> {
    let contacts: Vec<String> =
        request.contacts.iter().filter_map(|contact| Some(checked_contact(contact).ok()?.value)).collect();
    let born = birth_date(&request.birth_date, DateOrder::MonthFirst, call.today()).ok();
    let typed = Person::new(&request.name, &request.preferred_name)
        .born(born)
        .reached_by(contacts.iter().map(String::as_str))
        .living_at(&request.address.line1, &request.address.postcode);
    let keys = blocking_keys(&request.name, &typed);
    let except: Vec<Uuid> = request.id.into_iter().chain(request.not_the_same_as).map(|id| id.0).collect();
    let mut read = call.read().await?;
    let found = patients::find_likely(
        &mut read,
        &LikelyQuery {
            birth_dates: &keys.birth_dates,
            contacts: &[keys.phones, keys.emails].concat(),
            family_sounds: &keys.family_sounds,
            except: &except,
            told_apart_from: request.id.map(|id| id.0),
            not_of_import: None,
        },
    )
    .await?;
    read.end().await?;
    let mut likely: Vec<_> = found.into_iter().filter_map(|other| likely(&typed, other)).collect();
    likely.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.patient.id.cmp(&b.patient.id)));
    likely.truncate(SHOWN);
    Ok(DuplicateResponse { likely })
}

fn person(other: &PersonRow) -> Person {
    let values = other.phones.iter().chain(&other.emails).map(String::as_str);
    Person::new(&other.listing.name, &other.listing.preferred_name)
        .born(other.listing.birth_date)
        .reached_by(values)
        .living_at(&other.line1, &other.postcode)
}

fn likely(typed: &Person, other: PersonRow) -> Option<LikelyDuplicate> {
    let likeness = score(typed, &person(&other));
    likeness.is_likely().then(|| LikelyDuplicate {
        score: likeness.score,
        reasons: likeness.reasons.into_iter().map(word).collect(),
        patient: row(other.listing),
    })
}

/// A reason's word, as serde spells it.
fn word(reason: Reason) -> String {
    serde_json::to_value(reason).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// For each of some patients to be imported, the name of somebody who is there already and hardly
/// can be anybody else. One statement.
pub(crate) async fn likely_among(
    connection: &mut Connection,
    import: ImportId,
    imported: &[&NewPatient],
) -> Result<Vec<Option<String>>, AppError> {
    let people: Vec<_> = imported.iter().map(|patient| typed(patient)).collect();
    let mut dates: HashSet<NaiveDate> = HashSet::new();
    let mut values: HashSet<String> = HashSet::new();
    for (patient, person) in imported.iter().zip(&people) {
        let keys = blocking_keys(&patient.name, person);
        dates.extend(keys.birth_dates);
        values.extend(keys.phones);
        values.extend(keys.emails);
    }
    let query = LikelyQuery {
        birth_dates: &dates.into_iter().collect::<Vec<_>>(),
        contacts: &values.into_iter().collect::<Vec<_>>(),
        family_sounds: &[],
        except: &[],
        told_apart_from: None,
        not_of_import: Some(import),
    };
    let found = patients::find_likely(connection, &query).await?;
    let others = Others::new(&found);
    let judged = imported.iter().zip(&people).map(|(patient, person)| others.find(patient, person));
    Ok(judged.collect())
}

fn typed(patient: &NewPatient) -> Person {
    Person::new(&patient.name, &patient.preferred_name)
        .born(patient.birth_date)
        .reached_by(patient.contacts.iter().map(|contact| contact.value.as_str()))
        .living_at(&patient.address.line1, &patient.address.postcode)
}

/// Those who are there, by what they are looked up by.
struct Others<'a> {
    found: &'a [PersonRow],
    people: Vec<Person>,
    by_key: HashMap<String, Vec<usize>>,
}

impl<'a> Others<'a> {
    fn new(found: &'a [PersonRow]) -> Self {
        let people: Vec<_> = found.iter().map(person).collect();
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (other, person)) in found.iter().zip(&people).enumerate() {
            for key in keys(&other.listing.name, person) {
                by_key.entry(key).or_default().push(at);
            }
        }
        Self { found, people, by_key }
    }

    fn find(&self, patient: &NewPatient, person: &Person) -> Option<String> {
        let candidates: HashSet<usize> =
            keys(&patient.name, person).filter_map(|key| self.by_key.get(&key)).flatten().copied().collect();
        let best = candidates.into_iter().map(|at| (score(person, &self.people[at]).score, at)).max()?;
        let listing = &self.found[best.1].listing;
        (best.0 >= NEARLY_CERTAIN).then(|| listing.name.display(&listing.preferred_name))
    }
}

fn keys(name: &domain::patient::Name, person: &Person) -> impl Iterator<Item = String> + use<> {
    let keys = blocking_keys(name, person);
    keys.birth_dates.into_iter().map(|date| date.to_string()).chain(keys.phones).chain(keys.emails)
}

/// Two records are not the same person, or that is taken back.
pub async fn patient_distinct(call: &Call, request: DistinctRequest) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    if request.distinct {
        patients::mark_distinct(&mut write, &[(request.a, request.b)]).await?;
    } else {
        let id = domain::id::distinct_id(request.a, request.b);
        let versions = load_versions(&mut write, &[id]).await?;
        write.declare(versions.0);
        patients::unmark_distinct(&mut write, request.a, request.b).await?;
    }
    write.commit().await?;
    Ok(Nothing {})
}
