//! What patients are called.

use super::draw::Draw;
use domain::patient::Name;
use domain::text::fold;
use std::sync::LazyLock;

/// Given names by how often they are met, accents and all.
const WOMEN: &str = "Mary Jennifer Maria Elizabeth Patricia Linda Jessica Sarah Ashley Barbara Susan Amanda \
Melissa Karen Stephanie Michelle Lisa Nancy Emily Ana Margaret Sandra Kimberly Amy Laura Nicole Samantha \
Angela Rebecca Katherine Rachel Christina Carmen Guadalupe Deborah Sharon Cynthia Kathleen Anna Donna Carol \
Olivia Emma Sophia Isabella Mia Ruth Brenda Pamela Helen Victoria Kelly Christine Megan Lauren Andrea Diana \
Veronica Teresa Rosa Gloria Martha Julia Heather Diane Julie Alicia Hannah Janet Joyce Gabriela Danielle \
Natalie Brittany Abigail Alexis Grace Denise Marilyn Amber Madison Tiffany Kayla Alexandra Theresa Beverly \
Sofía María José Chloé Vanessa Jacqueline Monica Claudia Leticia Yolanda Mariana Daniela Valentina Lucía \
Beatriz Adriana Silvia Norma Irene Esther Lorraine Frances Rosemary Dolores Phyllis Shirley Judith Evelyn \
Virginia Jean Doris Betty Dorothy Anne-Marie Mary-Jane Mary-Ann Zoë Renée Chloe Noémie Ximena Itzel Graciela \
Esperanza Mercedes Consuelo Josefina Francisca Elena Inés Raquel Paola Fernanda Verónica Mónica Begoña \
Priya Aisha Fatima Mei Ling Yuki Thuy Linh Hanh Ngoc Soo-Jin Ji-Woo Anjali Deepa Lakshmi Nadia Leila Amira \
Siobhán Aoife Niamh Saoirse Ingrid Astrid Birgit Saskia Anneke Małgorzata Katarzyna Agnieszka Svetlana Olga \
Tatiana Natasha Ebony Latoya Keisha Tamika Shanice Imani Nia Zora Cheyenne Dakota Sierra Savannah Autumn \
Willow Hazel Violet Ivy Penelope Eleanor Beatrice Josephine Adelaide Harriet Winifred Mabel Clementine";

const MEN: &str = "James John Robert Michael David William José Richard Joseph Thomas Christopher Daniel Juan \
Matthew Anthony Mark Steven Carlos Paul Luis Andrew Joshua Kenneth Kevin Brian George Timothy Ronald Edward \
Jason Jeffrey Ryan Jesús Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Miguel Scott Brandon Benjamin \
Samuel Gregory Alexander Frank Patrick Raymond Jack Dennis Jerry Tyler Aaron Antonio Jorge Manuel Francisco \
Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Walter Christian Keith Roger Terry Austin Sean \
Gerald Carl Dylan Harold Jordan Jesse Bryan Lawrence Arthur Gabriel Bruce Logan Billy Joe Alan Juan-Carlos \
Alejandro Fernando Eduardo Ricardo Roberto Javier Sergio Mario Rafael Héctor Raúl Óscar Víctor Andrés Ángel \
Ramón Rubén César Julio Enrique Alberto Arturo Guillermo Ignacio Gerardo Salvador Pedro Pablo Diego Mateo \
Santiago Sebastián Martín Joaquín Tomás Nicolás Emilio Gustavo Armando Ernesto Alfredo Rodolfo Albert Willie \
Elijah Liam Mason Lucas Oliver Aiden Caleb Isaac Owen Wyatt Levi Hunter Cody Dustin Travis Derek Chad Brett \
Trevor Blake Garrett Grant Spencer Philip Russell Randy Howard Eugene Vincent Bobby Johnny Louis Ralph Roy \
Stanley Leonard Clarence Melvin Vernon Lloyd Herbert Marvin Gordon D'Andre DeShawn Jamal Malik Terrell Darnell \
Tyrone Marquis Xavier Dante Andre Raj Amit Sanjay Vikram Arjun Wei Jun Hiroshi Kenji Minh Tuan Hung Duc \
Sung-Ho Min-Jun Omar Ahmed Ali Hassan Mohammed Yusuf Ibrahim François René André Jean-Luc Günther Jürgen \
Björn Søren Łukasz Paweł Wojciech Dmitri Sergei Ivan Seán Pádraig Declan Rory Finnegan Angus Duncan Ewan";

const FAMILIES: &str = "Smith Johnson Garcia Williams Martinez Brown Rodriguez Jones Hernandez Lopez Miller \
Davis González García Wilson Anderson Thomas Pérez Taylor Moore Sánchez Jackson Martin Ramirez Lee Torres \
Thompson White Flores Rivera Harris Gomez Clark Díaz Lewis Robinson Cruz Walker Reyes Young Morales Allen \
King Gutierrez Wright Ortiz Scott Hill Green Adams Nguyen Ruiz Nelson Baker Chavez Hall Ramos Campbell \
Mitchell Carter Roberts Mendoza Phillips Evans Turner Parker Álvarez Collins Edwards Castillo Stewart Morris \
Jimenez Vargas Murphy Cook Rogers Romero Morgan Peterson Cooper Reed Bailey Bell Moreno Gomez Kelly Howard \
Ward Cox Diaz Richardson Wood Watson Brooks Bennett Gray James Herrera Hughes Price Myers Medina Long Foster \
Sanders Ross Aguilar Vega Powell Sullivan Russell Soto Castro Jenkins Perry Butler Barnes Fisher Henderson \
Coleman Simmons Patterson Jordan Reynolds Hamilton Graham Kim Guzmán Wallace O'Brien Delgado O'Connor Muñoz \
Cole West Owens Ríos Silva Maldonado Hayes Gibson Rojas Bryant Ellis Stevens Alvarado Murray Ford Marshall \
Wells Mendez Contreras McDonald Fernandez Owen Núñez Peña Guerrero Harrison Woods Washington Kennedy Salazar \
Luna Freeman Vázquez Webb Tucker Guerra Burns Crawford Henry Ayala Simpson Porter Hunter Gordon Sandoval \
Mendoza Santiago Shaw Snyder Mason Dixon Juarez Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone \
Salas Fox Warren Mills Meyer Rice Schmidt Espinoza Daniels Ferguson Nichols Stephens Weaver Ryan Gardner \
Payne Grant Dunn Spencer Hawkins Arnold Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan \
Armstrong Hudson Carroll Lane Riley Andrews Valdez Ray Berry Perkins Hoffman Johnston Matthews Richards Pham \
Willis Carpenter Lawrence Chen Wang Tran Le Singh Patel Khan Park Choi Yang Wong Chang Liu Li Zhang Huang Wu \
Nguyễn Trần Kumar Shah Sharma Gupta Rao Ali Ahmed Hussain Cohen Levy Katz Friedman Goldberg Schwartz Müller \
Schneider Fischer Weber Becker Schäfer Köhler Kowalski Nowak Wiśniewski Kaczmarek Novák Horvath Nagy Popescu \
Ivanov Petrov Volkov Rossi Russo Ferrari Esposito Bianchi D'Angelo D'Amico DeLuca O'Neill O'Reilly O'Hara \
O'Donnell O'Malley McCarthy McKenzie MacLeod McBride McGee St.John Lefebvre Dubois Moreau Beauchamp LeBlanc \
Thibodeaux Boudreaux Fontenot Hébert Landry Van-Dyke VanBuren Vandenberg DeVries DeJong Jansen Visser Larsen \
Olsen Jørgensen Sørensen Nielsen Lindqvist Åkesson Bergström Virtanen Yamamoto Tanaka Suzuki Nakamura Sato \
Okafor Adeyemi Mensah Diallo Begay Yazzie Tsosie Benally Nez Kealoha Kamaka Quiñones Ibáñez Zúñiga Bermúdez \
Villaseñor Cárdenas Ordóñez Echeverría Galván Montoya Trujillo Archuleta Baca Lucero Apodaca";

/// Rarer family names are made of two parts, as many English ones are.
const BEGINNINGS: &str = "Ash Black Brad Brook Burn Clay Cran Dun East Fair Gold Green Hart Hazel Hol Kings \
Lang Lock Long Marsh Mer Mid New North Oak Pen Pres Rad Red Rock Ship Stan Sutter Thorn Wake War West Whit \
Win Wood";
const ENDINGS: &str = "ford wood ley field man ton brook bury well worth stone dale ham land ridge more shaw \
croft hurst by";

const SHORT_FORMS: &[(&str, &str)] = &[
    ("Elizabeth", "Liz"),
    ("Elizabeth", "Beth"),
    ("William", "Bill"),
    ("William", "Will"),
    ("Robert", "Bob"),
    ("Robert", "Rob"),
    ("James", "Jim"),
    ("Michael", "Mike"),
    ("Jennifer", "Jen"),
    ("Patricia", "Pat"),
    ("Margaret", "Peggy"),
    ("Katherine", "Kate"),
    ("Richard", "Rick"),
    ("Thomas", "Tom"),
    ("José", "Pepe"),
    ("Francisco", "Paco"),
    ("Guadalupe", "Lupita"),
    ("Jesús", "Chuy"),
    ("Guillermo", "Memo"),
    ("Ignacio", "Nacho"),
    ("Roberto", "Beto"),
    ("Dolores", "Lola"),
    ("Christopher", "Chris"),
    ("Christina", "Tina"),
    ("Alexander", "Alex"),
    ("Alexandra", "Alex"),
    ("Samantha", "Sam"),
    ("Samuel", "Sam"),
    ("Daniel", "Dan"),
    ("Joseph", "Joe"),
    ("Anthony", "Tony"),
    ("Susan", "Sue"),
    ("Deborah", "Debbie"),
    ("Edward", "Ted"),
    ("Benjamin", "Ben"),
    ("Victoria", "Vicky"),
    ("Rebecca", "Becky"),
];

const MAIL_DOMAINS: &[&str] = &["example.com", "example.org", "example.net"];

struct Lists {
    women: Vec<&'static str>,
    men: Vec<&'static str>,
    families: Vec<String>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let common = FAMILIES.split_whitespace().map(str::to_owned);
    let mut rare = Vec::new();
    for ending in ENDINGS.split_whitespace() {
        rare.extend(BEGINNINGS.split_whitespace().map(|beginning| format!("{beginning}{ending}")));
    }
    Lists {
        women: WOMEN.split_whitespace().collect(),
        men: MEN.split_whitespace().collect(),
        families: common.chain(rare).collect(),
    }
});

/// A name with what goes with it.
pub(super) struct Person {
    pub name: Name,
    pub preferred: String,
    pub pronouns: String,
}

pub(super) fn person(draw: &mut Draw) -> Person {
    let woman = draw.often(64);
    let list = if woman { &LISTS.women } else { &LISTS.men };
    let given = draw.skewed(list);
    let middle = if draw.often(30) { draw.skewed(list) } else { "" };
    let prefix = match draw.below(100) {
        0..6 => {
            if woman {
                "Ms."
            } else {
                "Mr."
            }
        }
        6..8 => "Dr.",
        _ => "",
    };
    let suffix = if !woman && draw.often(3) { draw.any(&["Jr.", "Sr.", "II", "III"]) } else { "" };
    let pronouns = match draw.below(100) {
        0..25 => {
            if woman {
                "she/her"
            } else {
                "he/him"
            }
        }
        25..27 => "they/them",
        _ => "",
    };
    let name = Name {
        prefix: prefix.to_owned(),
        given: given.to_owned(),
        middle: if middle == given { String::new() } else { middle.to_owned() },
        family: family(draw),
        suffix: suffix.to_owned(),
    };
    Person { preferred: preferred(draw, given), name, pronouns: pronouns.to_owned() }
}

fn family(draw: &mut Draw) -> String {
    let names = &LISTS.families;
    let first = names[draw.skewed_place(names.len())].clone();
    let second = &names[draw.skewed_place(names.len())];
    match draw.below(100) {
        0..4 if first != *second => format!("{first}-{second}"),
        4..8 if first != *second => format!("{first} {second}"),
        8..10 => format!("de la {}", draw.any(&["Cruz", "Torre", "Rosa", "Garza", "Fuente", "Vega"])),
        _ => first,
    }
}

fn preferred(draw: &mut Draw, given: &str) -> String {
    let forms: Vec<&str> =
        SHORT_FORMS.iter().filter(|(name, _)| *name == given).map(|(_, short)| *short).collect();
    if !forms.is_empty() && draw.often(45) { draw.any(&forms).to_owned() } else { String::new() }
}

/// An address of the first or second mailbox of somebody with this name.
pub(super) fn email(draw: &mut Draw, name: &Name, at: u32) -> String {
    let plain = |part: &str| fold(part).chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let (given, family) = (plain(&name.given), plain(&name.family));
    let user = match draw.below(4) {
        0 => format!("{given}.{family}"),
        1 => format!("{}{family}{}", given.get(..1).unwrap_or_default(), draw.below(100)),
        2 => format!("{given}{}", draw.below(10_000)),
        _ => format!("{given}_{family}{}", draw.below(100)),
    };
    format!("{user}@{}{}", if at == 0 { "" } else { "work." }, draw.any(MAIL_DOMAINS))
}
