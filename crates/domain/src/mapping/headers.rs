//! What columns are called elsewhere, in English and Spanish.

use super::Target;
use crate::text::fold;
use Target::*;

/// Names of a patient file's columns, folded and written together.
const PATIENTS: &[(Target, &str)] = &[
    (
        ExternalId,
        "id patientid patientno patientnumber patnum patid chart chartno chartnumber chartid clientid clientnumber clientno mrn medicalrecordnumber externalid guestid guestcode customerid recordid recid numerodepaciente idpaciente expediente numeroexpediente",
    ),
    (Prefix, "prefix title salutation honorific tratamiento titulo"),
    (
        Given,
        "first firstname fname given givenname forename christianname legalfirstname patientfirstname clientfirstname namefirst nombre nombres primernombre nombrepila",
    ),
    (Middle, "middle middlename mname mi middleinitial secondname segundonombre"),
    (
        Family,
        "last lastname lname surname family familyname legallastname patientlastname clientlastname namelast apellido apellidos primerapellido segundoapellido apellidopaterno apellidomaterno",
    ),
    (
        FullName,
        "name fullname patientname patient clientname client customername customer guestname guest displayname nombrecompleto nombreyapellidos nombreyapellido paciente cliente",
    ),
    (Suffix, "suffix namesuffix generation sufijo"),
    (PreferredName, "preferred preferredname nickname knownas goesby alias callme apodo nombrepreferido"),
    (Pronouns, "pronouns pronoun preferredpronouns pronombres pronombre"),
    (
        BirthDate,
        "birthdate dateofbirth dob birthday bday born birth bdate birthdt patientdob patientbirthdate fechanacimiento fechadenacimiento fnacimiento nacimiento fechanac cumpleanos",
    ),
    (
        Phone,
        "phone phones phonenumber telephone tel phoneno primaryphone contactnumber telephonenumber mainphone phoneprimary preferredphone contactphone otherphone alternatephone secondaryphone telefono telefonos numerodetelefono",
    ),
    (
        MobilePhone,
        "mobile mobilephone cell cellphone mobilenumber cellnumber mobileno cellularphone smsphone phonemobile phonecell textnumber movil celular telefonomovil telefonocelular",
    ),
    (
        HomePhone,
        "homephone phonehome home homenumber hometelephone homephonenumber telefonocasa telefonofijo telefonoparticular",
    ),
    (
        WorkPhone,
        "workphone phonework officephone work worknumber businessphone worktelephone telefonotrabajo telefonooficina",
    ),
    (
        Email,
        "email emails emailaddress mail primaryemail contactemail emailid emailprimary personalemail workemail homeemail secondaryemail patientemail clientemail correo correoelectronico direcciondecorreo",
    ),
    (
        AddressLine1,
        "address addressline address1 addressline1 addressone street streetaddress street1 mailingaddress homeaddress addr addr1 patientaddress direccion direccion1 domicilio calle",
    ),
    (
        AddressLine2,
        "address2 addressline2 addresstwo street2 addr2 apt apartment unit suite direccion2 colonia",
    ),
    (City, "city town suburb locality homecity mailingcity ciudad localidad poblacion municipio"),
    (
        Region,
        "state province region stateprovince stateorprovince homestate mailingstate estado provincia comunidad",
    ),
    (Postcode, "zip zipcode postcode postalcode postal zippostalcode homezip mailingzip codigopostal cp"),
    (Country, "country countrycode nation homecountry pais"),
    (Tier, "tier viptier level membershiplevel loyaltytier membershiptier vip nivel categoria"),
    (Tags, "tags tag labels label groups etiquetas etiqueta"),
    (
        Source,
        "source referralsource referredby referral leadsource howdidyouhear howdidyouhearaboutus howheard origen referidopor comonosconocio",
    ),
    (
        Alert,
        "alert alerts alertnote popup popupnote warning warnings medicalalert medicalalerts alerta alertas aviso",
    ),
    (
        Note,
        "note notes comment comments remarks memo patientnotes clientnotes generalnotes nota notas comentarios observaciones",
    ),
];

/// Names of an allergy file's columns.
const ALLERGIES: &[(Target, &str)] = &[
    (
        PatientExternalId,
        "patient patientid patientno patientnumber patid patnum chart chartno chartnumber chartid mrn medicalrecordnumber clientid clientnumber guestid paciente idpaciente numerodepaciente expediente",
    ),
    (
        Substance,
        "substance allergen allergy allergyname allergenname allergydescription allergicto description agent drug medication alergia alergeno sustancia descripcion",
    ),
    (
        Reaction,
        "reaction reactions reactiondescription manifestation symptoms symptom reaccion reacciones sintomas",
    ),
    (Severity, "severity reactionseverity criticality severidad gravedad"),
];

/// A header as the tables have it: folded, in one word.
pub(super) fn compact(header: &str) -> String {
    fold(header).replace(' ', "")
}

/// The patient field that a compact header means.
pub(super) fn patient_target(header: &str) -> Option<Target> {
    look_up(PATIENTS, header)
}

/// The allergy field that a compact header means. `DESCRIPTION1` next to `DESCRIPTION` describes a
/// reaction (Synthea).
pub(super) fn allergy_target(header: &str) -> Option<Target> {
    let numbered = header.len() != without_number(header).len();
    match look_up(ALLERGIES, header) {
        Some(Substance) if numbered => Some(Reaction),
        found => found,
    }
}

/// Whether only a file of allergies has such a column.
pub(super) fn tells_of_allergies(header: &str) -> bool {
    matches!(allergy_target(header), Some(Substance | Reaction | Severity)) && header != "description"
}

/// Whether the column is a name that a patient file has and a file that refers to patients has not.
pub(super) fn tells_of_patients(header: &str) -> bool {
    matches!(patient_target(header), Some(Given | Family | BirthDate))
}

/// Whether the header is Spanish, where the day comes first.
pub(super) fn is_spanish_date(header: &str) -> bool {
    ["fecha", "nac", "cumple"].iter().any(|word| header.contains(word))
}

pub(super) fn without_number(header: &str) -> &str {
    header.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// By the whole header, then without a number at its end, then without whom it is about.
fn look_up(table: &[(Target, &str)], header: &str) -> Option<Target> {
    let exactly = |name: &str| {
        let found = table.iter().find(|(_, names)| names.split(' ').any(|known| known == name));
        found.filter(|_| !name.is_empty()).map(|(target, _)| *target)
    };
    let formats = ["mmddyyyy", "ddmmyyyy", "yyyymmdd"];
    let header = formats.iter().find_map(|format| header.strip_suffix(format)).unwrap_or(header);
    let own = ["patients", "patient", "clients", "client", "guest", "customer"];
    let stripped = own.iter().find_map(|word| header.strip_prefix(word)).unwrap_or(header);
    exactly(header).or_else(|| exactly(without_number(header))).or_else(|| exactly(stripped))
}

#[cfg(test)]
pub(super) fn tables() -> [&'static [(Target, &'static str)]; 2] {
    [PATIENTS, ALLERGIES]
}
