/** Where customers live and their names. Names depend on the country; every pool has 20 first and 20 last names. */

interface Country {
  readonly name: string;
  readonly weight: number;
  readonly phone: string;
  readonly names: keyof typeof namePools;
  /** City and region, the largest first. */
  readonly cities: readonly (readonly [city: string, region: string])[];
}

export const countries: readonly Country[] = [
  {
    name: "United States",
    weight: 38,
    phone: "+1",
    names: "english",
    cities: [
      ["New York", "New York"],
      ["Los Angeles", "California"],
      ["Chicago", "Illinois"],
      ["Houston", "Texas"],
      ["Phoenix", "Arizona"],
      ["Philadelphia", "Pennsylvania"],
      ["Austin", "Texas"],
      ["San Diego", "California"],
      ["Seattle", "Washington"],
      ["Denver", "Colorado"],
      ["Washington, D.C.", "District of Columbia"],
      ["Boston", "Massachusetts"],
      ["Portland", "Oregon"],
      ["Atlanta", "Georgia"],
      ["St. Paul", "Minnesota"],
    ],
  },
  {
    name: "United Kingdom",
    weight: 15,
    phone: "+44",
    names: "english",
    cities: [
      ["London", "England"],
      ["Manchester", "England"],
      ["Birmingham", "England"],
      ["Glasgow", "Scotland"],
      ["Leeds", "England"],
      ["Edinburgh", "Scotland"],
      ["Cardiff", "Wales"],
      ["Belfast", "Northern Ireland"],
    ],
  },
  {
    name: "Germany",
    weight: 13,
    phone: "+49",
    names: "german",
    cities: [
      ["Berlin", "Berlin"],
      ["Hamburg", "Hamburg"],
      ["München", "Bayern"],
      ["Köln", "Nordrhein-Westfalen"],
      ["Frankfurt am Main", "Hessen"],
      ["Stuttgart", "Baden-Württemberg"],
      ["Düsseldorf", "Nordrhein-Westfalen"],
      ["Leipzig", "Sachsen"],
    ],
  },
  {
    name: "France",
    weight: 9,
    phone: "+33",
    names: "french",
    cities: [
      ["Paris", "Île-de-France"],
      ["Lyon", "Auvergne-Rhône-Alpes"],
      ["Marseille", "Provence-Alpes-Côte d'Azur"],
      ["Toulouse", "Occitanie"],
      ["Nantes", "Pays de la Loire"],
      ["Saint-Étienne", "Auvergne-Rhône-Alpes"],
    ],
  },
  {
    name: "Canada",
    weight: 7,
    phone: "+1",
    names: "english",
    cities: [
      ["Toronto", "Ontario"],
      ["Montréal", "Québec"],
      ["Vancouver", "British Columbia"],
      ["Calgary", "Alberta"],
      ["Halifax", "Nova Scotia"],
    ],
  },
  {
    name: "Spain",
    weight: 6,
    phone: "+34",
    names: "spanish",
    cities: [
      ["Madrid", "Comunidad de Madrid"],
      ["Barcelona", "Catalunya"],
      ["València", "Comunitat Valenciana"],
      ["Sevilla", "Andalucía"],
      ["A Coruña", "Galicia"],
    ],
  },
  {
    name: "Italy",
    weight: 5,
    phone: "+39",
    names: "italian",
    cities: [
      ["Milano", "Lombardia"],
      ["Roma", "Lazio"],
      ["Torino", "Piemonte"],
      ["Bologna", "Emilia-Romagna"],
      ["L'Aquila", "Abruzzo"],
    ],
  },
  {
    name: "Brazil",
    weight: 4,
    phone: "+55",
    names: "portuguese",
    cities: [
      ["São Paulo", "São Paulo"],
      ["Rio de Janeiro", "Rio de Janeiro"],
      ["Belo Horizonte", "Minas Gerais"],
      ["Florianópolis", "Santa Catarina"],
    ],
  },
  {
    name: "India",
    weight: 3,
    phone: "+91",
    names: "indian",
    cities: [
      ["Mumbai", "Maharashtra"],
      ["Bengaluru", "Karnataka"],
      ["Delhi", "Delhi"],
      ["Chennai", "Tamil Nadu"],
    ],
  },
];

export const namePools = {
  english: [
    "Olivia Emma Charlotte Amelia Sophie Grace Hannah Emily Rachel Laura James Liam Noah William Henry Daniel Thomas Jack Samuel Oliver",
    "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore " +
      "Clark Walker O'Brien Wright Campbell MacDonald Evans Hughes Turner",
  ],
  german: [
    "Anna Lena Katharina Julia Jana Franziska Sabine Heike Leonie Käthe Lukas " +
      "Jonas Felix Maximilian Jürgen Stefan Björn Paul Tobias Matthias",
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann " +
      "Koch Bauer Richter Schröder Krüger Groß Köhler Jäger Vogel Lang",
  ],
  french: [
    "Camille Léa Chloé Manon Élise Juliette Inès Amélie Zoé Hélène Louis Gabriel Hugo Jules Théo Antoine François Rémi Étienne Mathieu",
    "Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Lefèvre Girard " +
      "Fournier Mercier Dupont Faure Blanc Guérin Legrand D'Aubigné Rousseau",
  ],
  spanish: [
    "Lucía María Paula Sofía Carmen Elena Inés Marta Raquel Begoña Hugo Martín Pablo Álvaro Javier José Andrés Sergio Iñigo Óscar",
    "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Jiménez " +
      "Ruiz Hernández Díaz Moreno Muñoz Romero Núñez Navarro Ibáñez Vidal",
  ],
  italian: [
    "Giulia Sofia Aurora Martina Chiara Francesca Alice Elisa Ilaria Beatrice Leonardo " +
      "Francesco Alessandro Lorenzo Matteo Andrea Davide Niccolò Marco Simone",
    "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno " +
      "Gallo Conti De~Luca Costa Giordano Rizzo Lombardi D'Angelo Moretti",
  ],
  portuguese: [
    "Ana Beatriz Júlia Larissa Camila Fernanda Letícia Mariana Conceição Helena " +
      "João Pedro Lucas Gustavo Rafael Thiago Antônio Bruno Caio André",
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa " +
      "Ribeiro Martins Carvalho Araújo Melo Barbosa Gonçalves Conceição Assunção",
  ],
  indian: [
    "Aadhya Ananya Diya Kavya Priya Neha Pooja Sneha Meera Lakshmi Aarav Vivaan Arjun Rohan Rahul Vikram Karthik Sanjay Amit Suresh",
    "Sharma Patel Singh Kumar Gupta Reddy Iyer Nair Mehta Joshi Desai Rao Verma Das Banerjee Kulkarni Pillai Chopra Malhotra Bose",
  ],
} as const;

/** First names with a nickname, which some English-speaking customers put in quotes. */
export const nicknamed = ['Robert "Bob"', 'Elizabeth "Liz"', 'William "Bill"', 'Margaret "Peggy"'] as const;

/** The names of a pool as lists; `~` stands for a space inside a name. */
export function namesOf(pool: keyof typeof namePools): { first: string[]; last: string[] } {
  const split = (text: string) => text.split(" ").map((name) => name.replace("~", " "));
  return { first: split(namePools[pool][0]), last: split(namePools[pool][1]) };
}
