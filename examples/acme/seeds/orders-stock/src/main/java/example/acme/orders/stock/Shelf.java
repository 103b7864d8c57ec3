package example.acme.orders.stock;

/** How much of one article a warehouse holds, and how much of that is promised to orders. */
record Shelf(String warehouse, String article, int held, int promised) {

    int free() {
        return held - promised;
    }

    Shelf promise(int quantity) {
        if (quantity > free()) {
            throw new IllegalStateException("only " + free() + " of " + article + " left in " + warehouse);
        }
        return new Shelf(warehouse, article, held, promised + quantity);
    }
}
