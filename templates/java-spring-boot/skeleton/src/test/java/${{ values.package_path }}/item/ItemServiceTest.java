package ${{ values.package }}.item;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ItemServiceTest {

    private static final Instant NOW = Instant.parse("2025-01-01T12:00:00.123456789Z");

    private final ItemStore store = mock();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final ItemService items = new ItemService(store, Clock.fixed(NOW, ZoneOffset.UTC), metrics);

    @Test
    void createsWithAnIdAndTheTimeInMicroseconds() {
        var item = items.create(new NewItem("  first "));

        assertThat(item.id()).isNotNull();
        assertThat(item.name()).isEqualTo("first");
        assertThat(item.createdAt()).isEqualTo("2025-01-01T12:00:00.123456Z");
        verify(store).save(item);
        assertThat(metrics.counter("items.added").count()).isEqualTo(1);
        assertThat(metrics.timer("items.store", "operation", "write").count()).isEqualTo(1);
    }

    @Test
    void whatCannotBeStoredIsNotCounted() {
        doThrow(new IllegalStateException("store is down")).when(store).save(any());

        assertThatThrownBy(() -> items.create(new NewItem("first"))).isInstanceOf(IllegalStateException.class);
        assertThat(metrics.counter("items.added").count()).isZero();
    }

    @Test
    void findsOrSaysThatThereIsNone() {
        var item = new Item(UUID.randomUUID(), "first", NOW);
        when(store.find(any())).thenReturn(Optional.empty());
        when(store.find(item.id())).thenReturn(Optional.of(item));

        assertThat(items.get(item.id())).isEqualTo(item);
        var unknown = UUID.randomUUID();
        assertThatThrownBy(() -> items.get(unknown))
                .isInstanceOf(ItemNotFoundException.class)
                .hasMessageContaining(unknown.toString());
    }

    @Test
    void listsWhatTheStoreHas() {
        var item = new Item(UUID.randomUUID(), "first", NOW);
        when(store.newest(5)).thenReturn(List.of(item));

        assertThat(items.newest(5)).containsExactly(item);
    }
}
