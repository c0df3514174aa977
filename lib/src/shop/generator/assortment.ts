/** What the shop sells: eight categories with brands and subcategories; each subcategory has a price range. */
interface Category {
  readonly name: string;
  /** Share of orders when the shop opened and six years later. */
  readonly weight: readonly [then: number, later: number];
  readonly brands: readonly string[];
  readonly subcategories: readonly Subcategory[];
}

export interface Subcategory {
  readonly name: string;
  readonly price: readonly [lowest: number, highest: number];
  readonly things: readonly [string, string, string, string];
  /** Another category, to which the shop later moves some of these products. */
  readonly moves?: string;
}

export const categories: readonly Category[] = [
  {
    name: "Electronics",
    weight: [20, 17],
    brands: ["Voltaria", "Kestrel", "Lumen & Co", "Northbit", "Ohmura", "Pixelwerk"],
    subcategories: [
      { name: "Audio", price: [19, 180], things: ["Headphones", "Earbuds", "Bluetooth Speaker", "Soundbar"] },
      {
        name: "Computers",
        price: [15, 160],
        things: ["Mechanical Keyboard", "Wireless Mouse", 'Monitor 24"', "Docking Station"],
      },
      {
        name: "Phones & Accessories",
        price: [9, 70],
        things: ["Power Bank", "Phone Case", "USB-C Charger", "Car Mount"],
      },
      {
        name: "Smart Home",
        price: [14, 120],
        things: ["Smart Plug", "Video Doorbell", "Thermostat", "LED Bulb, 3-Pack"],
        moves: "Home & Kitchen",
      },
      { name: "Photo", price: [18, 220], things: ["Tripod", "Ring Light", "Camera Bag", "Instant Camera"] },
    ],
  },
  {
    name: "Home & Kitchen",
    weight: [17, 18],
    brands: ["Hearthside", "Casa Lumi", "Brøndby", "Oak & Iron", "Petit Four", "Tidewater"],
    subcategories: [
      {
        name: "Cookware",
        price: [12, 110],
        things: ["Frying Pan", "Stock Pot", "Baking Tray", "Cast Iron Skillet"],
      },
      {
        name: "Small Appliances",
        price: [22, 150],
        things: ["Kettle", "Toaster", "Stick Blender", "Coffee Grinder"],
      },
      {
        name: "Bedding",
        price: [18, 120],
        things: ["Duvet Cover", "Pillow, 2-Pack", "Fitted Sheet", "Wool Throw"],
      },
      {
        name: "Storage",
        price: [8, 55],
        things: ["Storage Box", "Glass Jar, Set of 6", "Laundry Basket", "Shelf Organiser"],
      },
      {
        name: "Lighting",
        price: [14, 95],
        things: ["Desk Lamp", "Floor Lamp", "Pendant Light", "String Lights"],
      },
    ],
  },
  {
    name: "Fashion",
    weight: [18, 16],
    brands: ["Atelier Nord", "Harrow", "Solé", "Juniper Lane", "Marlowe", "Tessuto"],
    subcategories: [
      {
        name: "Women",
        price: [15, 95],
        things: ["Linen Shirt", "Wrap Dress", "Cardigan", "Wide-Leg Trousers"],
      },
      { name: "Men", price: [14, 95], things: ["Oxford Shirt", "Chinos", "Merino Jumper", "Polo Shirt"] },
      { name: "Shoes", price: [25, 130], things: ["Trainers", "Ankle Boots", "Loafers", "Sandals"] },
      { name: "Bags", price: [18, 110], things: ["Tote Bag", "Backpack", "Crossbody Bag", "Weekender"] },
      { name: "Accessories", price: [7, 45], things: ["Scarf", "Leather Belt", "Beanie", "Sunglasses"] },
    ],
  },
  {
    name: "Beauty & Health",
    weight: [10, 15],
    brands: ["Aveline", "Derma Verde", "Kōri", "Pure Fjord", "Saba", "Wildrose"],
    subcategories: [
      {
        name: "Skin Care",
        price: [8, 48],
        things: ["Day Cream", "Vitamin C Serum", "Cleanser", "Sunscreen SPF 50"],
      },
      { name: "Hair Care", price: [6, 32], things: ["Shampoo", "Conditioner", "Hair Oil", "Hair Mask"] },
      { name: "Make-up", price: [6, 36], things: ["Lipstick", "Mascara", "Foundation", "Brow Pencil"] },
      {
        name: "Supplements",
        price: [9, 40],
        things: ["Magnesium", "Omega-3", "Multivitamin", "Whey Protein"],
      },
      {
        name: "Fragrance",
        price: [18, 90],
        things: ["Eau de Parfum", "Body Mist", "Scented Candle", "Room Spray"],
        moves: "Home & Kitchen",
      },
    ],
  },
  {
    name: "Sports & Outdoors",
    weight: [12, 14],
    brands: ["Altura", "Ridgeback", "Stride", "Torrent", "Velo Norte", "Zenith"],
    subcategories: [
      {
        name: "Fitness",
        price: [8, 90],
        things: ["Yoga Mat", "Resistance Bands", "Kettlebell", "Foam Roller"],
      },
      {
        name: "Camping",
        price: [14, 190],
        things: ["Two-Person Tent", "Sleeping Bag", "Camping Stove", "Headlamp"],
      },
      { name: "Cycling", price: [9, 110], things: ["Bike Light", "Helmet", "Floor Pump", "Pannier"] },
      {
        name: "Running",
        price: [9, 120],
        things: ["Running Shoes", "Hydration Vest", "Running Socks", "Rain Jacket"],
        moves: "Fashion",
      },
      {
        name: "Water Sports",
        price: [12, 140],
        things: ["Dry Bag", "Swim Goggles", "Wetsuit", "Snorkel Set"],
      },
    ],
  },
  {
    name: "Toys & Games",
    weight: [9, 8],
    brands: ["Blockwork", "Fableland", "Happy Otter", "Little Atlas", "Mindmaze", "Tumbletree"],
    subcategories: [
      {
        name: "Board Games",
        price: [12, 60],
        things: ["Strategy Game", "Card Game", "Party Game", "Family Game"],
      },
      {
        name: "Building Sets",
        price: [14, 110],
        things: ["Marble Run", "Building Blocks", "Model Train", "Robot Kit"],
      },
      {
        name: "Puzzles",
        price: [8, 32],
        things: ["Puzzle, 500 Pieces", "Puzzle, 1,000 Pieces", "3D Puzzle", "Wooden Puzzle"],
      },
      { name: "Plush", price: [9, 42], things: ["Teddy Bear", "Plush Fox", "Plush Rabbit", "Hand Puppet"] },
      {
        name: "Outdoor Play",
        price: [8, 80],
        things: ["Kite", "Scooter", "Water Blaster", "Frisbee"],
        moves: "Sports & Outdoors",
      },
    ],
  },
  {
    name: "Books",
    weight: [9, 6],
    brands: ["Alder Press", "Blue Lantern", "Cartwheel", "Foxglove", "Meridian House", "Quill & Son"],
    subcategories: [
      {
        name: "Fiction",
        price: [8, 26],
        things: ["Novel", "Short Stories", "Thriller", "Mystery, Paperback"],
      },
      {
        name: "Non-Fiction",
        price: [10, 34],
        things: ["Biography", "Essays", "Travel Guide", "Popular Science"],
      },
      {
        name: "Children's Books",
        price: [6, 20],
        things: ["Picture Book", "Bedtime Stories", "Activity Book", "Pop-Up Book"],
        moves: "Toys & Games",
      },
      {
        name: "Cookery",
        price: [14, 40],
        things: ["Baking Book", "Vegetarian Cookbook", "Pasta Book", "Grill Book"],
      },
      {
        name: "Comics",
        price: [7, 30],
        things: ["Graphic Novel", "Manga, Vol. 1", "Comic Collection", "Artbook"],
      },
    ],
  },
  {
    name: "Garden & Pets",
    weight: [5, 6],
    brands: ["Bramble", "Fernhill", "Gardenia", "Paws & Co", "Terracotta", "Whisker"],
    subcategories: [
      {
        name: "Garden Tools",
        price: [9, 70],
        things: ["Secateurs", "Garden Fork", "Hand Trowel", "Loppers"],
      },
      {
        name: "Plants & Seeds",
        price: [4, 36],
        things: ["Herb Seeds, 8 Kinds", "Lavender", "Tomato Seeds", "Monstera"],
      },
      { name: "Watering", price: [8, 75], things: ["Watering Can", "Garden Hose", "Sprinkler", "Drip Kit"] },
      { name: "Dogs", price: [7, 80], things: ["Dog Bed", "Dog Lead", "Chew Toy", "Dog Coat"] },
      {
        name: "Cats",
        price: [6, 85],
        things: ["Scratching Post", "Cat Tunnel", "Litter Tray", "Feather Wand"],
      },
    ],
  },
];

/** The model line, between brand and thing. */
export const seriesNames: readonly string[] = (
  "Aria Atlas Basic Bolt Cove Dune Echo Ember Flora Halo Ivy Jet Kodiak Loft Mira Nova Opal Pico Quest " +
  '"Classic" Rio Sierra Terra Luna Vega Willow'
).split(" ");

export const colours: readonly string[] = [
  "Black",
  "White",
  "Sand",
  "Navy",
  "Forest Green",
  "Terracotta",
  "Grey",
  "Rosé",
];
