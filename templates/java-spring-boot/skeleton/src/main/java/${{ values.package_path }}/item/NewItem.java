package ${{ values.package }}.item;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/** What a client sends to create an item: {@code NewItem} of {@code api/openapi.yaml}. */
public record NewItem(@NotBlank @Size(max = 100) String name) {}
