package ${{ values.package }}.item;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Service;

/** The rules about items, and the metrics that say how they are doing. */
@Service
public class ItemService {

    private final ItemStore store;
    private final Clock clock;
    private final Counter added;
    private final Timer reads;
    private final Timer writes;

    public ItemService(ItemStore store, Clock clock, MeterRegistry metrics) {
        this.store = store;
        this.clock = clock;
        // Not "created": Prometheus keeps that suffix for itself, and the client drops it.
        this.added = Counter.builder("items.added").description("Items added").register(metrics);
        this.reads = storeTimer("read", metrics);
        this.writes = storeTimer("write", metrics);
    }

    public Item create(NewItem request) {
        // Databases keep microseconds: what is answered now is what is read later.
        var createdAt = clock.instant().truncatedTo(ChronoUnit.MICROS);
        var item = new Item(UUID.randomUUID(), request.name().strip(), createdAt);
        writes.record(() -> store.save(item));
        added.increment();
        return item;
    }

    public Item get(UUID id) {
        return reads.record(() -> store.find(id)).orElseThrow(() -> new ItemNotFoundException(id));
    }

    public List<Item> newest(int limit) {
        return reads.record(() -> store.newest(limit));
    }

    private static Timer storeTimer(String operation, MeterRegistry metrics) {
        return Timer.builder("items.store")
                .description("Time that the store of items takes")
                .tag("operation", operation)
                .publishPercentileHistogram()
                .register(metrics);
    }
}
