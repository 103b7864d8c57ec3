package ${{ values.package }}.item;

import java.time.Instant;
import java.util.UUID;

/** An item as clients see it: {@code Item} of {@code api/openapi.yaml}. */
public record Item(UUID id, String name, Instant createdAt) {}
