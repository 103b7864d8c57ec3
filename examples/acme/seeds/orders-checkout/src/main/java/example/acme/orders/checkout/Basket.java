package example.acme.orders.checkout;

import java.util.List;

/** What a customer is about to order; prices are in cents. */
record Basket(List<Line> lines) {

    record Line(String article, int quantity, long price) {}

    long total() {
        return lines.stream().mapToLong(line -> line.quantity() * line.price()).sum();
    }
}
